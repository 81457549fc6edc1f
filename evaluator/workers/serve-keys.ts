import type { MessagePort } from 'node:worker_threads';
import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { ByteSource } from '../../he/wire/byte-source.ts';
import type { PayloadLimits } from '../bundles.ts';
import { openKeyFrame } from '../keys/key-frame.ts';
import type { Verdict } from '../keys/key-verifier.ts';
import { frameStoresIn } from '../store/frame-stores.ts';
import type { VerifyCommand, WorkerStart } from './worker-message.ts';

/** What the thread needs to look at the keys of one bundle; tests put a fake in its place. */
export type KeyChecker = {
  readonly limits: PayloadLimits;
  /** @throws CxrError `evaluation-key-invalid`. */
  check(payload: ByteSource): void;
};

/** Answers every command on `port` with a verdict, one after the other. */
export function serveKeys(
  port: MessagePort,
  start: WorkerStart,
  openChecker: (folder: string, bundle: BundleId) => Promise<KeyChecker>,
): void {
  const stores = frameStoresIn(start.dataFolder);
  const checkers = new Map<BundleId, KeyChecker>();

  const checkerOf = async (bundle: BundleId): Promise<KeyChecker> => {
    const folder = start.bundleFolders.get(bundle);
    if (folder === undefined) throw new CxrError('bundle-unknown', { bundle });
    const checker = checkers.get(bundle) ?? (await openChecker(folder, bundle));
    checkers.set(bundle, checker);
    return checker;
  };

  const verdictOf = async ({ key, bundle }: VerifyCommand): Promise<Verdict> => {
    try {
      const checker = await checkerOf(bundle);
      const maxPayloadBytes = checker.limits.evaluationKeys;
      using frame = await openKeyFrame(stores.keys, { key, bundle, maxPayloadBytes });
      checker.check(frame.payload);
      return 'sound';
    } catch (error) {
      if (!(error instanceof CxrError)) throw error;
      if (error.code === 'evaluation-key-missing') return 'damaged';
      return error.code === 'evaluation-key-invalid' ? 'invalid' : 'unchecked';
    }
  };

  port.on('message', async (command: VerifyCommand) => port.postMessage(await verdictOf(command)));
}
