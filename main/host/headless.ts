import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Connection } from '../../contract/connection.ts';
import { CxrError, toCodedError } from '../../contract/errors.ts';
import { folderFault } from '../../contract/folder-fault.ts';
import { type Custody, inMemory } from '../../contract/ipc/custody.ts';
import type { Location } from '../../contract/ipc/reader.ts';
import type { AnalysisResult, EngineInput } from '../../contract/stages.ts';
import { plainConnection } from '../connector/evaluator-route.ts';
import { withTemporaryFolder } from '../files/temporary-folder.ts';
import { chooseBundle } from './choose-bundle.ts';
import { EmbeddedEvaluator, type EmbeddedEvaluatorOptions } from './embedded-evaluator.ts';
import { EngineHost } from './engine/engine-host.ts';
import type { AnalysisWatch } from './engine/engine-options.ts';
import { entries } from './entries.ts';
import { launchNode } from './node-port.ts';
import { ReaderHost } from './reader-host.ts';
import { residentBytes } from './resident-memory.ts';

/** Folder of bundles beside the code. */
export const bundleRoot = join(import.meta.dirname, '..', '..', 'native-models');
/** The radiograph that the repository ships: NIH ChestX-ray image 00000002_000 as DX. */
export const sampleStudy = join(bundleRoot, 'samples', '00000002_000.dcm');

/** The way to an evaluator on this machine. */
export const wayHere = (url: string): Connection => plainConnection(url, true);

/** A process beside this one died: it is followed by another, or it died too often and is lost. */
export type Incident = 'engine-crashed' | 'engine-lost' | 'evaluator-crashed' | 'evaluator-lost';

/** The processes of a session, and what can be asked of them. */
export type Headless = {
  readonly engine: EngineHost;
  readonly reader: ReaderHost;
  readonly evaluator: { readonly url: string; readonly embedded: boolean; readonly pid: number | null };
  readonly bundleName: string;
  /** Classifies one DICOM image. @throws CxrError as `classify`. */
  readonly classify: (image: string | Location, watch?: AnalysisWatch) => Promise<AnalysisResult>;
  /**
   * Asks once, without patience, whether the evaluator answers. One on this machine that has ended is started again.
   *
   * @throws CxrError as `EngineHost.probe` and `EmbeddedEvaluator.url`; `cancelled` when `signal` aborts.
   */
  readonly probe: (signal?: AbortSignal) => Promise<void>;
};

export type EngineOptions = {
  readonly bundleRoot: string;
  readonly bundleName: string;
  /** The way to the evaluator; a function is asked again for every engine that is started. */
  readonly connection: Connection | (() => Promise<Connection>);
  /** Where keys are kept. Default: in the engine's memory. */
  readonly custody?: Custody;
  /** Hears that an engine died, and whether it is followed by another. */
  readonly onCrash?: (isFollowed: boolean) => void;
  /** Hears how far a request about keys is, in [0, 1]. */
  readonly onKeyProgress?: (fraction: number) => void;
};

/** So many engines in a row may die over nothing; the next would die too. */
const mostDeadEngines = 3;

/**
 * Starts an engine process without Electron. One that dies is followed by another, which makes keys of its own where
 * they are not kept.
 */
export function openEngine(options: EngineOptions): EngineHost {
  const { connection, onCrash, onKeyProgress, custody = inMemory, ...bundle } = options;
  const engine = new EngineHost({
    launch: () => launchNode({ name: 'engine', entry: entries.engine }),
    start: async () => ({
      kind: 'start',
      keepsReady: false,
      custody,
      ...bundle,
      connection: typeof connection === 'function' ? await connection() : connection,
    }),
    tell: (event) => {
      if (event.kind === 'stopped') onCrash?.(!engine.isOver);
      if (event.kind === 'keys-progress') onKeyProgress?.(event.fraction);
    },
    restarts: mostDeadEngines,
  });
  void engine.launch();
  return engine;
}

/** A reader process without Electron, which is started when it is first needed. */
export const openReader = (entry: string = entries.reader): ReaderHost =>
  new ReaderHost({ launch: launchNode, entry, residentBytes });

/**
 * Decodes one DICOM image in the reader's process, down to what the engine is given of it.
 *
 * @param image  the path of a file, or where in an archive or in memory the image is.
 * @throws CxrError as `ReaderHost.request`.
 */
export function readInput(
  reader: ReaderHost,
  image: string | Location,
  signal?: AbortSignal,
): Promise<EngineInput> {
  const location: Location =
    typeof image === 'string' ? { kind: 'file', path: resolve(image), inside: [] } : image;
  return reader.request({ kind: 'input', location }, signal);
}

/**
 * Classifies one DICOM image.
 *
 * @param image  as `readInput` takes it.
 * @throws CxrError why the file was refused, or as `EngineHost.analyse`.
 */
export const classify = (
  {
    engine,
    reader,
    turnsByPicture = false,
  }: Pick<Headless, 'engine' | 'reader'> & Pick<HeadlessOptions, 'turnsByPicture'>,
  image: string | Location,
  watch?: AnalysisWatch,
): Promise<AnalysisResult> =>
  engine.analyse(async () => ({ ...(await readInput(reader, image, watch?.signal)), turnsByPicture }), watch);

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

export type HeadlessOptions = {
  /** The way to an evaluator. Default: one that is started on this machine, with a temporary data folder. */
  readonly connection?: Connection | undefined;
  /** Gives up starting. What `work` does is its own affair. */
  readonly signal?: AbortSignal;
  readonly tell?: (incident: Incident) => void;
  /** Where keys are kept. Default: in the engine's memory. */
  readonly custody?: Custody | undefined;
  /** Turns films of which only the picture shows how they lie, where that is certain. Default: they are refused. */
  readonly turnsByPicture?: boolean;
};

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
 * Opens an engine process, a reader process and, unless `connection` leads to one, an evaluator process of its own on
 * loopback with a temporary data folder; runs `work`; ends all of them. Each that dies while `work` runs is followed by
 * another, a few times.
 *
 * @throws CxrError `bundle-missing`, `cancelled`, `folder-unusable` for temporary files, as `EngineHost.ready` and `EmbeddedEvaluator.url`; whatever `work`
 *         throws.
 */
export async function withHeadless<T>(
  options: HeadlessOptions | undefined,
  work: (session: Headless) => Promise<T>,
): Promise<T> {
  const { connection, signal, tell, custody, turnsByPicture = false } = options ?? {};
  const bundleName = await chooseBundle(bundleRoot);
  if (connection !== undefined)
    return await openSession(
      { bundleName, connect: async () => connection, signal, tell, custody, turnsByPicture },
      work,
    );
  return await inTemporaryFolder('cipherfilm-evaluator-', async (dataDir) => {
    const own = new EmbeddedEvaluator({
      ...{ launch: launchNode, entry: entries.evaluator, dataDir, bundleRoot, restarts: true },
      onCrash: (isFollowed) => tell?.(isFollowed ? 'evaluator-crashed' : 'evaluator-lost'),
    });
    const connect = async () => wayHere(await own.url());
    try {
      return await openSession({ bundleName, connect, signal, tell, own, custody, turnsByPicture }, work);
    } finally {
      // Its folder goes with it, so that there is nothing to stop in order.
      await own.kill();
    }
  });
}

type SessionOptions = {
  readonly bundleName: string;
  readonly connect: () => Promise<Connection>;
  readonly own?: EmbeddedEvaluator;
  readonly signal: AbortSignal | undefined;
  readonly tell: HeadlessOptions['tell'];
  readonly custody: Custody | undefined;
  readonly turnsByPicture: boolean;
};

async function openSession<T>(
  { bundleName, connect, own, signal, tell, custody = inMemory, turnsByPicture }: SessionOptions,
  work: (session: Headless) => Promise<T>,
): Promise<T> {
  let connection = await orAborted(connect(), signal);
  let isOpen = true;
  const renew = async () => {
    connection = await connect();
    return connection;
  };
  await using engine = openEngine({
    ...{ bundleRoot, bundleName, custody, connection: renew },
    onCrash: (isFollowed) => {
      if (isOpen) tell?.(isFollowed ? 'engine-crashed' : 'engine-lost');
    },
  });
  await using reader = openReader();
  try {
    await orAborted(whenReady(engine), signal);
    return await work({
      engine,
      reader,
      evaluator: {
        get url() {
          return connection.url;
        },
        embedded: connection.embedded,
        get pid() {
          return own?.pid ?? null;
        },
      },
      bundleName,
      classify: (image, watch) => classify({ engine, reader, turnsByPicture }, image, watch),
      probe: async (until) => {
        const { url } = connection;
        const next = await orAborted(renew(), until);
        // It came back on another port.
        if (next.url !== url) engine.connect(next);
        await orAborted(engine.probe(next), until);
      },
    });
  } finally {
    isOpen = false;
  }
}

/** Waits for an engine that serves. One that dies before it says anything is followed by another. */
export async function whenReady(engine: EngineHost): Promise<void> {
  for (let deaths = 0; ; deaths += 1) {
    try {
      await engine.ready();
      return;
    } catch (error) {
      if (toCodedError(error).code !== 'engine-crashed' || deaths === mostDeadEngines) throw error;
    }
  }
}

/** Waits for work, or no longer when the signal aborts. @throws CxrError `cancelled` then; whatever the work throws. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new CxrError('cancelled'));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
