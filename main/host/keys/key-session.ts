import type { Connection } from '../../../contract/connection.ts';
import type { Custody } from '../../../contract/ipc/custody.ts';
import { chooseBundle } from '../choose-bundle.ts';
import { EmbeddedEvaluator } from '../embedded-evaluator.ts';
import type { EngineHost } from '../engine/engine-host.ts';
import { entries } from '../entries.ts';
import { bundleRoot, openEngine, orAborted, wayHere, whenReady } from '../headless.ts';
import { launchNode } from '../node-port.ts';

/** Says where keys are kept, and whether an evaluator is asked. */
export type KeySessionOptions = {
  readonly custody: Custody;
  /** The way to an evaluator; null for one on this machine. */
  readonly connection: Connection | null;
  /** The data folder of an evaluator on this machine. It is null where no evaluator is asked, and none is started. */
  readonly evaluatorFolder: string | null;
  readonly signal?: AbortSignal;
  /** Hears how far a long request is, in [0, 1]. */
  readonly onProgress?: (fraction: number) => void;
};

/** An address where nobody listens, for work that asks no evaluator. */
const nowhere = wayHere('http://127.0.0.1:9');

/**
 * Opens an engine process that keeps keys, and an evaluator beside it where one is needed; runs `work`; ends both.
 *
 * @throws CxrError `bundle-missing`, `cancelled`, as `EngineHost.ready` and `EmbeddedEvaluator.url`; whatever `work`
 *         throws.
 */
export async function withKeySession<T>(
  { custody, connection, evaluatorFolder, signal, onProgress }: KeySessionOptions,
  work: (engine: EngineHost) => Promise<T>,
): Promise<T> {
  const bundleName = await chooseBundle(bundleRoot);
  const own =
    evaluatorFolder === null || connection !== null
      ? null
      : new EmbeddedEvaluator({
          ...{ launch: launchNode, entry: entries.evaluator, dataDir: evaluatorFolder, bundleRoot },
        });
  try {
    const here = async () => wayHere(await own!.url(signal));
    const way = own === null ? (connection ?? nowhere) : await here();
    await using engine = openEngine({
      ...{ bundleRoot, bundleName, custody, connection: way },
      ...(onProgress === undefined ? {} : { onKeyProgress: onProgress }),
    });
    await orAborted(whenReady(engine), signal);
    return await work(engine);
  } finally {
    await own?.stop();
  }
}
