import { join } from 'node:path';
import { app, type BrowserWindow, session, utilityProcess } from 'electron';
import type { WindowEvent } from '../../contract/ipc.ts';
import { declareAppScheme, serveRenderer } from './app-protocol.ts';
import { AppState } from './app-state.ts';
import { EmbeddedEvaluator } from './embedded-evaluator.ts';
import { EngineHost, type EngineProcess } from './engine-host.ts';
import { chooseEvaluator } from './evaluator-choice.ts';
import { answerWindow } from './ipc.ts';
import { bundleName, bundleRoot, configText, scripts } from './locations.ts';
import { refuseNavigation, refusePermissions } from './lockdown.ts';
import { openWindow, tellWindow } from './window.ts';

/** The desktop application, in the order in which it comes up. */
async function boot(): Promise<void> {
  if (!singleInstance()) return;
  sandboxEverything();
  declareAppScheme();
  refuseNavigation();
  await app.whenReady();
  refusePermissions(session.defaultSession);
  serveRenderer(session.defaultSession, scripts().renderer);
  const { engine, state } = engineAndEvaluator();
  const window = openWindow(scripts().preload);
  windows.push(window);
  answerWindow(window.webContents, engine, () => state.status);
  void engine.launch();
}

/**
 * `enableSandbox` also overrules `--no-sandbox`, without which Chromium does not start as root (a container in CI).
 * Whoever gives that flag loses the OS sandbox only: the window stays isolated and without Node.
 */
function sandboxEverything(): void {
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
}

const windows: BrowserWindow[] = [];

function tellAll(event: WindowEvent): void {
  for (const window of windows) tellWindow(window, event);
}

/** A second start brings the first one's window forward. */
function singleInstance(): boolean {
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return false;
  }
  app.on('second-instance', () => {
    const window = windows[0];
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  app.on('window-all-closed', () => app.quit());
  return true;
}

/** The engine process and, where no evaluator is configured, an evaluator process beside it. */
function engineAndEvaluator(): { engine: EngineHost; state: AppState } {
  const root = bundleRoot();
  const choice = chooseEvaluator(process.env, process.argv, configText());
  const embedded = choice.kind === 'embedded';
  const state = new AppState(app.getVersion(), embedded, (status) => tellAll({ kind: 'status', status }));
  const evaluator = new EmbeddedEvaluator({
    script: scripts().evaluator,
    dataFolder: join(app.getPath('userData'), 'evaluator'),
    bundleRoot: root,
  });
  const engine = new EngineHost({
    fork: () =>
      utilityProcess.fork(scripts().engine, [], { serviceName: 'Cipherfilm engine' }) as EngineProcess,
    start: async () => {
      const evaluatorUrl = choice.kind === 'remote' ? choice.url : await evaluator.url();
      state.evaluatorAt(evaluatorUrl);
      return { kind: 'start', bundleRoot: root, bundleName: bundleName(root), evaluatorUrl, embedded };
    },
    tell: (event) => {
      state.follow(event);
      if ('studyId' in event) tellAll(event);
    },
  });
  app.on('will-quit', () => {
    engine.dispose();
    evaluator.stop();
  });
  return { engine, state };
}

void boot();
