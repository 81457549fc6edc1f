import { join } from 'node:path';
import { app, BrowserWindow, dialog, type OpenDialogOptions, session } from 'electron';
import type { Source } from '../../contract/ipc/reader.ts';
import type { WindowEvent } from '../../contract/ipc/window.ts';
import { dropped } from './command-line.ts';
import { answerWindow } from './ipc/ipc.ts';
import { scripts } from './locations.ts';
import { declareAppScheme, serveRenderer } from './window/app-protocol.ts';
import { refuseNavigation, refusePermissions } from './window/lockdown.ts';
import { openMenu } from './window/menu.ts';
import { openWindow, tellWindow } from './window/window.ts';
import { openWorkstation, paths, type Wanted } from './workstation.ts';

/** The desktop application, in the order in which it comes up. */
async function boot(): Promise<void> {
  if (!singleInstance()) return;
  sandboxEverything();
  declareAppScheme();
  refuseNavigation();
  await app.whenReady();
  refusePermissions(session.defaultSession);
  serveRenderer(session.defaultSession, scripts().renderer);
  const workstation = await openWorkstation({ tell: tellAll, ask });
  const window = openWindow(scripts().preload, join(app.getPath('userData'), 'window.json'));
  openMenu((command) => tellAll({ kind: 'command', command }));
  windows.push(window);
  answerWindow(window.webContents, workstation.answers);
  workstation.films.serve(window.webContents);
  openDropped = (sources) => void workstation.open(sources);
  openDropped(paths(dropped(process.argv, app.isPackaged), process.cwd()));
  void workstation.engine.launch();
  workstation.resume();
}

/**
 * `enableSandbox` also overrules `--no-sandbox`, without which Chromium does not start as root (a container in CI).
 * Whoever gives that flag loses the OS sandbox only: the window stays isolated and without Node.
 */
function sandboxEverything(): void {
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
}

const windows: BrowserWindow[] = [];
let openDropped: (sources: readonly Source[]) => void = () => {};

function tellAll(event: WindowEvent): void {
  for (const window of windows) tellWindow(window, event);
}

/** A second start brings the first one's window forward and hands its files over. */
function singleInstance(): boolean {
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return false;
  }
  app.on('second-instance', (_event, argv, folder) => {
    const window = windows[0];
    if (window?.isMinimized()) window.restore();
    window?.focus();
    openDropped(paths(dropped(argv, app.isPackaged), folder));
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    openDropped(paths([path], '/'));
  });
  app.on('window-all-closed', () => app.quit());
  return true;
}

const dialogs: Readonly<Record<Wanted, OpenDialogOptions>> = {
  files: { properties: ['openFile', 'multiSelections'] },
  folder: { properties: ['openDirectory'] },
  certificates: {
    properties: ['openFile'],
    filters: [{ name: 'Certificates', extensions: ['pem', 'crt', 'cer'] }],
  },
};

/** What the system's dialog gave; nothing when it was closed. */
async function ask(what: Wanted): Promise<readonly string[]> {
  const window = BrowserWindow.getFocusedWindow() ?? windows[0];
  const { filePaths } = await (window
    ? dialog.showOpenDialog(window, dialogs[what])
    : dialog.showOpenDialog(dialogs[what]));
  return filePaths;
}

void boot();
