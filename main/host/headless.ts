import { join } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import { listBundles } from '../../native-models/bundle.ts';
import { connectionFromEnvironment, plainConnection } from '../connector/evaluator-route.ts';
import { withTemporaryFolder } from '../files/temporary-folder.ts';
import { startEmbeddedEvaluator } from './embedded-evaluator.ts';
import { EngineClient } from './engine-client.ts';

/** Folder of bundles beside the code. */
export const bundleRoot = join(import.meta.dirname, '..', '..', 'native-models');
/** The radiograph that the repository ships: NIH ChestX-ray image 00000002_000 as DX. */
export const sampleStudy = join(bundleRoot, 'samples', '00000002_000.dcm');

export type Headless = {
  readonly engine: EngineClient;
  readonly evaluator: { readonly url: string; readonly embedded: boolean; readonly pid: number | null };
  readonly bundleName: string;
};

/**
 * Opens an engine process and, unless `evaluatorUrl` names one, an evaluator process of its own on loopback with a
 * temporary data folder; runs `work`; ends both.
 */
export async function withHeadless<T>(
  evaluatorUrl: string | undefined,
  work: (session: Headless) => Promise<T>,
): Promise<T> {
  const [bundleName] = await listBundles(bundleRoot, 'client');
  if (bundleName === undefined) throw new CxrError('bundle-missing', { file: 'client/bundle.json' });
  if (evaluatorUrl !== undefined) {
    const connection = connectionFromEnvironment(evaluatorUrl);
    await using engine = new EngineClient({ bundleRoot, bundleName, connection });
    await engine.ready();
    return await work({ engine, evaluator: { url: evaluatorUrl, embedded: false, pid: null }, bundleName });
  }
  return withTemporaryFolder('cipherfilm-evaluator-', async (dataDir) => {
    const evaluator = await startEmbeddedEvaluator({ dataDir, bundleRoot });
    try {
      await using engine = new EngineClient({
        bundleRoot,
        bundleName,
        connection: plainConnection(evaluator.url, true),
      });
      await engine.ready();
      const { url, pid } = evaluator;
      return await work({ engine, evaluator: { url, embedded: true, pid }, bundleName });
    } finally {
      await evaluator.stop();
    }
  });
}
