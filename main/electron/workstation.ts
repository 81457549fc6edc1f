import { join, resolve } from 'node:path';
import { app, session } from 'electron';
import { CxrError } from '../../contract/errors.ts';
import type { Location, ReaderCommand, ReaderEvent, Source } from '../../contract/ipc/reader.ts';
import type { WindowEvent } from '../../contract/ipc/window.ts';
import { chooseBundle } from '../host/choose-bundle.ts';
import { EmbeddedEvaluator } from '../host/embedded-evaluator.ts';
import { EngineHost } from '../host/engine/engine-host.ts';
import { recompute } from '../host/engine/recompute-host.ts';
import { ReaderHost } from '../host/reader-host.ts';
import { hasVault, selfOpener } from '../settings/custody.ts';
import { setVaultAside } from '../settings/set-aside.ts';
import { Intake } from '../worklist/intake.ts';
import { openStore } from '../worklist/store.ts';
import { Worklist } from '../worklist/worklist.ts';
import { AppState } from './app-state.ts';
import { Doors } from './doors.ts';
import { guardKeys } from './guard-keys.ts';
import { FilmChannel } from './ipc/film-channel.ts';
import type { Answers } from './ipc/ipc.ts';
import { type KeyDialogs, KeyOffice } from './key-office.ts';
import { bundleRoot, hasServerHalf, policyText, scripts } from './locations.ts';
import { AccessToken } from './secrets/access-token.ts';
import { custodyIn } from './secrets/custody.ts';
import { keychainName } from './secrets/keychain.ts';
import { worklistKey } from './secrets/worklist-key.ts';
import { SettingsDesk } from './settings-desk.ts';
import { launchUtility } from './utility-port.ts';

/** What the system's dialog is asked for. */
export type Wanted = 'files' | 'folder' | 'certificates';

export type Surroundings = {
  readonly tell: (event: WindowEvent) => void;
  /** Paths that somebody chose; none when the dialog was closed. */
  readonly ask: (what: Wanted) => Promise<readonly string[]>;
  /** Keeps the window out of screenshots, or lets it be. */
  readonly protect: (isProtected: boolean) => void;
  readonly keyDialogs: KeyDialogs;
};

/** Turns names as a person gave them, relative to `folder`, into sources with whole paths. */
export const paths = (names: readonly string[], folder: string): Source[] =>
  names.map((name) => ({ kind: 'path', path: resolve(folder, name) }));

/** What Electron knows of its processes, on every system. */
function residentBytesOf(pid: number): number | null {
  const found = app.getAppMetrics().find((metric) => metric.pid === pid);
  return found === undefined ? null : found.memory.workingSetSize * 1024;
}

/** Engine, reader and, where no evaluator is configured, an evaluator process beside them; the worklist over them. */
export async function openWorkstation({ tell, ask, protect, keyDialogs }: Surroundings) {
  const userData = app.getPath('userData');
  const root = bundleRoot();
  // A workstation without a bundle still opens: the engine's launch fails on it, and the window says why.
  const bundle = chooseBundle(root);
  const canRecompute = await bundle.then(
    (name) => hasServerHalf(root, name),
    () => false,
  );
  const evaluator = new EmbeddedEvaluator({
    launch: launchUtility,
    entry: scripts().evaluator,
    dataDir: join(userData, 'evaluator'),
    bundleRoot: root,
    restarts: true,
  });
  const settings = new SettingsDesk({
    userData,
    policy: policyText(),
    argv: process.argv,
    environment: process.env,
    token: new AccessToken(userData),
    embeddedUrl: () => evaluator.url(),
    systemProxy: (url) => session.defaultSession.resolveProxy(url),
    keychain: keychainName(),
  });
  const key = worklistKey(userData, settings.withoutKeychain);
  let custody = custodyIn(userData, settings.withoutKeychain);
  const state = new AppState(
    {
      version: app.getVersion(),
      embedded: settings.isEmbedded,
      keepsWorklist: key !== null,
      opensItself: selfOpener(userData, custody),
      canRecompute,
    },
    (status) => tell({ kind: 'status', status }),
  );
  const films = new FilmChannel();
  const reader = new ReaderHost({
    launch: (program) => {
      const port = launchUtility<ReaderCommand, ReaderEvent>(program);
      films.lead(port);
      return port;
    },
    entry: scripts().reader,
    residentBytes: residentBytesOf,
  });
  const connection = async () => {
    const found = await settings.connection();
    state.evaluatorAt(found.url, found.embedded);
    return found;
  };
  const engine = new EngineHost({
    launch: () => launchUtility({ name: 'engine', entry: scripts().engine }),
    start: async () => ({
      kind: 'start',
      bundleRoot: root,
      bundleName: await bundle,
      connection: await connection(),
      keepsReady: true,
      custody: guard.lock.custody,
    }),
    tell: (event) => {
      state.follow(event);
      office.hear(event);
      if ('analysisId' in event) worklist.hear(event);
      if (event.kind === 'keys-state' && !event.state.locked) worklist.resume();
    },
  });
  const guard = guardKeys({
    engine,
    custody: () => custody,
    setAside: () => {
      const path = setVaultAside(userData);
      custody = custodyIn(userData, settings.withoutKeychain);
      state.opensItself(selfOpener(userData, custody));
      return path;
    },
    isKept: () => hasVault(userData),
    limitMinutes: () => settings.lockAfterMinutes,
    isBusy: () => worklist.isUnderWay || office.isBusy,
    changed: (lock) => {
      state.lockIs(lock);
      if (lock === 'open') worklist.resume();
    },
  });
  const office = new KeyOffice({
    engine,
    dialogs: keyDialogs,
    tell,
    lock: guard.lock,
    systemKey: () => custody.systemKey,
  });
  const store = key === null ? null : openStore(join(userData, 'worklist.sqlite'), key.key, key.isReplaced);
  const worklist = new Worklist({
    input: (location, signal) => reader.request({ kind: 'input', location }, signal),
    engine,
    recompute: async (input) =>
      recompute(() => launchUtility({ name: 'check', entry: scripts().recompute }), {
        bundleRoot: root,
        bundleName: await bundle,
        input,
      }),
    store,
    tell: (event) => {
      tell(event);
      if (event.kind === 'removed') {
        keepNeeded();
        doors.removed();
      }
    },
    onResult: (row) => void doors.byRule(row),
  });
  /** Bytes that were dropped without a path fill memory: up to 256 MiB each. */
  const keepNeeded = () => reader.keepOnly(worklist.memoryIds);
  const intake = new Intake(
    (sources, onScanned) => reader.scan(sources, onScanned),
    worklist,
    (report) => {
      tell({ kind: 'report', report });
      if (report.finished) keepNeeded();
    },
  );
  const doors = new Doors({
    ...{ userData, reader, worklist, intake },
    version: app.getVersion(),
    settings: () => settings.current,
    launch: launchUtility,
    entry: scripts().network,
    askFolder: async () => (await ask('folder'))[0] ?? null,
    tell: (receiving) => state.receiving(receiving),
    asksArchive: (asks) => state.asksArchive(asks),
  });
  const located = (imageId: string): Location => {
    const location = worklist.location(imageId);
    if (location === undefined) throw new CxrError('file-unreadable', { reason: 'no longer known' });
    return location;
  };
  const open = (sources: readonly Source[]) => {
    if (sources.length === 0) return null;
    guard.seen();
    return intake.open(sources);
  };
  /** Goes over to what is configured now; an evaluator here that nobody needs any more is ended. */
  const reconnect = async () => {
    engine.connect(await connection());
    if (!settings.isEmbedded && !engine.isBusy) void evaluator.pause();
  };
  const answers: Answers = {
    open: ({ sources }) => ({
      reportId: intake.open(
        sources.map((source) => (source.kind === 'bytes' ? { ...source, id: crypto.randomUUID() } : source)),
      ),
    }),
    choose: async ({ what }) => ({ reportId: open(paths(await ask(what), '/')) }),
    worklist: () => ({ rows: worklist.rows, reports: intake.reports, problem: worklist.problem }),
    film: ({ imageId, ticket }) => reader.request({ kind: 'film', location: located(imageId), ticket }),
    thumbnail: ({ imageId }) => reader.request({ kind: 'thumbnail', location: located(imageId) }),
    retry: ({ studyId, imageId, turns }) => {
      for (const location of worklist.locations(studyId)) reader.pardon(location);
      return { accepted: worklist.retry(studyId, imageId, turns) };
    },
    cancel: ({ studyId }) => ({ cancelled: worklist.cancel(studyId) }),
    remove: ({ studyId }) => ({ removed: worklist.remove(studyId) }),
    restore: ({ studyId }) => ({ restored: worklist.restore(studyId) }),
    check: ({ studyId }) => ({ accepted: state.status.canRecompute && worklist.check(studyId) }),
    status: () => state.status,
    settings: () => settings.view,
    saveSettings: async (change) => {
      settings.save(change);
      protect(settings.isProtected);
      await Promise.all([reconnect(), doors.changed()]);
      return settings.view;
    },
    chooseCertificates: async () => {
      const [path] = await ask('certificates');
      if (path !== undefined) {
        settings.save({}, { certificates: path });
        await reconnect();
      }
      return settings.view;
    },
    export: (request) => doors.export(request),
    tryArchives: () => doors.tryArchives(),
    findPriors: ({ studyId }) => doors.findPriors(studyId),
    fetchStudy: async ({ study }) => {
      await doors.fetchStudy(study);
      return null;
    },
    chooseWatchFolder: async () => {
      const [watchFolder] = await ask('folder');
      if (watchFolder !== undefined) {
        settings.save({}, { watchFolder });
        await doors.changed();
      }
      return settings.view;
    },
    probe: async (instead) => engine.probe(await settings.connection(instead)),
    ...office.answers,
  };
  app.on('will-quit', () => {
    worklist.close();
    void doors.close();
    void reader[Symbol.asyncDispose]();
    void engine[Symbol.asyncDispose]();
    void evaluator.stop();
    store?.store?.[Symbol.dispose]();
  });
  const unfinished = () => ({
    studies: worklist.inFlight,
    isReading: intake.isReading,
    isKept: (store?.store ?? null) !== null,
  });
  const { isProtected } = settings;
  /** Starts what the first film needs, and goes on with what an earlier run left. */
  const resume = () => {
    reader.start();
    worklist.resume();
    doors.open();
  };
  const { lock, seen } = guard;
  return { engine, answers, films, open, unfinished, isProtected, resume, lock, seen };
}
