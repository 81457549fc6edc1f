import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Connection } from '../../contract/connection.ts';
import { folderFault } from '../../contract/folder-fault.ts';
import type { AnalysisResult, EngineInput } from '../../contract/stages.ts';
import { connectionFromEnvironment, plainConnection } from '../connector/evaluator-route.ts';
import { withTemporaryFolder } from '../files/temporary-folder.ts';
import { chooseBundle } from './choose-bundle.ts';
import { EmbeddedEvaluator, type EmbeddedEvaluatorOptions } from './embedded-evaluator.ts';
import { type AnalysisWatch, EngineHost } from './engine-host.ts';
import { entries } from './entries.ts';
import { launchNode } from './node-port.ts';
import { ReaderHost } from './reader-host.ts';
import { residentBytes } from './resident-memory.ts';

/** Folder of bundles beside the code. */
export const bundleRoot = join(import.meta.dirname, '..', '..', 'native-models');
/** The radiograph that the repository ships: NIH ChestX-ray image 00000002_000 as DX. */
export const sampleStudy = join(bundleRoot, 'samples', '00000002_000.dcm');

export type Headless = {
  readonly engine: EngineHost;
  readonly reader: ReaderHost;
  readonly evaluator: { readonly url: string; readonly embedded: boolean; readonly pid: number | null };
  readonly bundleName: string;
  /** Classifies one DICOM file. @throws CxrError as `classify`. */
  readonly classify: (file: string, watch?: AnalysisWatch) => Promise<AnalysisResult>;
};

export type EngineOptions = {
  readonly bundleRoot: string;
  readonly bundleName: string;
  readonly connection: Connection;
};

/** Starts an engine process without Electron. One that dies is not followed by another. */
export function openEngine(options: EngineOptions): EngineHost {
  const engine = new EngineHost({
    launch: () => launchNode({ name: 'engine', entry: entries.engine }),
    start: async () => ({ kind: 'start', ...options }),
    restarts: false,
  });
  void engine.launch();
  return engine;
}

/** A reader process without Electron, which is started when it is first needed. */
export const openReader = (entry: string = entries.reader): ReaderHost =>
  new ReaderHost({ launch: launchNode, entry, residentBytes });

/**
 * Decodes one DICOM file in the reader's process, down to what the engine is given of it.
 *
 * @throws CxrError as `ReaderHost.request`.
 */
export const readInput = (reader: ReaderHost, file: string, signal?: AbortSignal): Promise<EngineInput> =>
  reader.request({ kind: 'input', location: { kind: 'file', path: resolve(file), inside: [] } }, signal);

/**
 * Classifies one DICOM file.
 *
 * @throws CxrError why the file was refused, or as `EngineHost.analyse`.
 */
export const classify = (
  { engine, reader }: Pick<Headless, 'engine' | 'reader'>,
  file: string,
  watch?: AnalysisWatch,
): Promise<AnalysisResult> => engine.analyse(() => readInput(reader, file, watch?.signal), watch);

export type RunningEvaluator = { readonly url: string; readonly pid: number; stop(): Promise<void> };

/**
 * Starts an evaluator process without Electron and waits until it listens: the demonstration without a cloud.
 *
 * @throws CxrError as `EmbeddedEvaluator.url`.
 */
export async function startEmbeddedEvaluator({
  signal,
  ...options
}: Omit<EmbeddedEvaluatorOptions, 'launch' | 'entry'> & {
  readonly entry?: string;
  readonly signal?: AbortSignal;
}): Promise<RunningEvaluator> {
  const evaluator = new EmbeddedEvaluator({ launch: launchNode, entry: entries.evaluator, ...options });
  const url = await evaluator.url(signal);
  return { url, pid: evaluator.pid!, stop: () => evaluator.stop() };
}

/**
 * Runs `work` as `withTemporaryFolder` does.
 *
 * @throws CxrError `folder-unusable` when the system's folder for temporary files takes none; whatever `work` throws.
 */
export function inTemporaryFolder<T>(prefix: string, work: (folder: string) => Promise<T>): Promise<T> {
  return withTemporaryFolder(prefix, work).catch((error: unknown) => {
    const isOurs = (error as NodeJS.ErrnoException | null)?.syscall === 'mkdtemp';
    throw isOurs ? folderFault(error, 'TMPDIR', tmpdir()) : error;
  });
}

/**
 * Opens an engine process, a reader process and, unless `evaluatorUrl` names one, an evaluator process of its own on
 * loopback with a temporary data folder; runs `work`; ends all of them.
 *
 * @throws CxrError `bundle-missing`, `folder-unusable` for temporary files, as `EngineHost.ready` and
 *         `EmbeddedEvaluator.url`; whatever `work` throws.
 */
export async function withHeadless<T>(
  evaluatorUrl: string | undefined,
  work: (session: Headless) => Promise<T>,
): Promise<T> {
  const bundleName = await chooseBundle(bundleRoot);
  const within = async (connection: Connection, pid: number | null): Promise<T> => {
    await using engine = openEngine({ bundleRoot, bundleName, connection });
    await using reader = openReader();
    await engine.ready();
    return await work({
      engine,
      reader,
      evaluator: { url: connection.url, embedded: connection.embedded, pid },
      bundleName,
      classify: (file, watch) => classify({ engine, reader }, file, watch),
    });
  };
  if (evaluatorUrl !== undefined) return within(connectionFromEnvironment(evaluatorUrl), null);
  return inTemporaryFolder('cipherfilm-evaluator-', async (dataDir) => {
    const evaluator = await startEmbeddedEvaluator({ dataDir, bundleRoot });
    try {
      return await within(plainConnection(evaluator.url, true), evaluator.pid);
    } finally {
      await evaluator.stop();
    }
  });
}
