import { join } from 'node:path';
import { app, BrowserWindow, dialog, type OpenDialogOptions, session } from 'electron';
import type { Source } from '../../contract/ipc/reader.ts';
import type { WindowEvent } from '../../contract/ipc/window.ts';
import { forbidCoreDumps } from '../files/forbid-core-dumps.ts';
import { dropped } from './command-line.ts';
import { answerWindow } from './ipc/ipc.ts';
import { scripts } from './locations.ts';
import { declareAppScheme, serveRenderer } from './window/app-protocol.ts';
import { keyDialogs } from './window/key-dialogs.ts';
import { askBeforeLeaving } from './window/leave.ts';
import { refuseDebugging, refuseNavigation, refusePermissions } from './window/lockdown.ts';
import { openMenu } from './window/menu.ts';
import { openWindow, tellWindow } from './window/window.ts';
import { openWorkstation, paths, type Wanted } from './workstation.ts';

/** Brings the desktop application up, step by step. */
async function boot(): Promise<void> {
  forbidCoreDumps();
  if (!singleInstance()) return;
  sandboxEverything();
  if (app.isPackaged) refuseDebugging();
  declareAppScheme();
  refuseNavigation();
  await app.whenReady();
  refusePermissions(session.defaultSession);
  serveRenderer(session.defaultSession, scripts().renderer);
  const workstation = await openWorkstation({
    tell: tellAll,
    ask,
    protect,
    keyDialogs: keyDialogs(() => BrowserWindow.getFocusedWindow() ?? windows[0]),
  });
  const window = openWindow(scripts().preload, join(app.getPath('userData'), 'window.json'));
  openMenu({
    pass: (command) => tellAll({ kind: 'command', command }),
    lockKeys: () => void workstation.lock.lock().catch(() => {}),
  });
  windows.push(window);
  protect(workstation.isProtected);
  askBeforeLeaving(window, workstation.unfinished);
  answerWindow(window.webContents, workstation.answers);
  workstation.films.serve(window.webContents);
  window.webContents.on('input-event', workstation.seen);
  window.on('focus', workstation.seen);
  openDropped = (sources) => void workstation.open(sources);
  openDropped(early.splice(0));
  openDropped(paths(dropped(process.argv, app.isPackaged), process.cwd()));
  void workstation.engine.launch();
  workstation.resume();
}

/**
 * Puts every window into Chromium's sandbox, unless somebody gave `--no-sandbox`, which `enableSandbox` would overrule.
 * As root, for instance in a container, Chromium does not start without that flag. Whoever gives it loses the sandbox
 * of the operating system only: the window stays isolated and without Node.
 */
function sandboxEverything(): void {
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
}

const windows: BrowserWindow[] = [];
/** What was handed over before there was anything to open it with: macOS names the files before it says `ready`. */
const early: Source[] = [];
let openDropped = (sources: readonly Source[]): void => void early.push(...sources);

function tellAll(event: WindowEvent): void {
  for (const window of windows) tellWindow(window, event);
}

/**
 * Makes sure that the application runs once. A second start brings the first one's window forward, hands its files over
 * and ends. @returns false in such a second start.
 */
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

/** Keeps the windows out of screenshots and shared screens, where the system can do that: on Windows and macOS. */
function protect(isProtected: boolean): void {
  for (const window of windows) window.setContentProtection(isProtected);
}

/** Asks with the system's dialog. @returns the chosen paths, or none when the dialog was closed. */
async function ask(what: Wanted): Promise<readonly string[]> {
  const window = BrowserWindow.getFocusedWindow() ?? windows[0];
  const { filePaths } = await (window
    ? dialog.showOpenDialog(window, dialogs[what])
    : dialog.showOpenDialog(dialogs[what]));
  return filePaths;
}

void boot();
