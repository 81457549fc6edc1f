import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { ByteSource } from '../../he/wire/byte-source.ts';
import { frameHeaderBytes } from '../../he/wire/frame.ts';
import type { FrameStore, OpenedFrame } from '../store/frame-store.ts';
import { FrameStreamCheck } from '../store/frame-stream.ts';

const pieceBytes = 1 << 20;

export type KeyFrame = Disposable & { readonly payload: ByteSource };

/**
 * Opens a stored frame of evaluation keys, too large to hold beside the keys that it becomes. It was checked when it was
 * stored; its digest is checked again, because disks and people change files, and the keys are checked as they are
 * loaded. A frame that was changed counts as missing, so that its client sends it again.
 *
 * @throws CxrError `evaluation-key-missing`.
 */
export async function openKeyFrame(
  store: FrameStore,
  { key, bundle, maxPayloadBytes }: { key: KeyId; bundle: BundleId; maxPayloadBytes: number },
): Promise<KeyFrame> {
  const frame = await openStored(store, key);
  try {
    const { source } = frame;
    const check = new FrameStreamCheck('evaluationKeys', () => maxPayloadBytes);
    for (let at = 0; at < source.length; at += pieceBytes)
      check.update(source.read(at, Math.min(pieceBytes, source.length - at)));
    const found = check.finish();
    if (found.bundle !== bundle) throw new CxrError('frame-foreign', { field: 'bundle' });
    if ((found.digest as string) !== key) throw new CxrError('frame-digest', { kind: 'evaluationKeys' });
    const payload = {
      length: source.length - frameHeaderBytes,
      read: (at: number, count: number) => source.read(frameHeaderBytes + at, count),
    };
    return { payload, [Symbol.dispose]: () => frame[Symbol.dispose]() };
  } catch (cause) {
    frame[Symbol.dispose]();
    throw new CxrError('evaluation-key-missing', { key }, { cause });
  }
}

async function openStored(store: FrameStore, key: KeyId): Promise<OpenedFrame> {
  let cause: unknown;
  try {
    const frame = await store.open(key);
    if (frame !== null) return frame;
  } catch (error) {
    cause = error;
  }
  throw new CxrError('evaluation-key-missing', { key }, { cause });
}
