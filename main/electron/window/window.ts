import { app, BrowserWindow, screen } from 'electron';
import type { WindowEvent } from '../../../contract/ipc/window.ts';
import { eventChannel } from '../ipc/channels.ts';
import { appOrigin } from './app-protocol.ts';
import { revivePage } from './revive.ts';
import { storedState, storeState } from './window-state.ts';

/**
 * Opens the reading window where it was when it was last closed. Its page is sandboxed, isolated and without Node. It
 * is shown once it has painted.
 *
 * @param statePath  the file that remembers where the window was.
 */
export function openWindow(preloadPath: string, statePath: string): BrowserWindow {
  const { x, y, width, height, maximised } = {
    ...{ x: undefined, y: undefined, width: 1440, height: 920, maximised: false },
    ...storedState(
      statePath,
      screen.getAllDisplays().map(({ workArea }) => workArea),
    ),
  };
  const window = new BrowserWindow({
    ...(x === undefined || y === undefined ? {} : { x, y }),
    width,
    height,
    minWidth: 1000,
    minHeight: 640,
    title: 'Cipherfilm',
    backgroundColor: '#0b0e11',
    show: false,
    webPreferences: {
      preload: preloadPath,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  });
  window.once('ready-to-show', () => {
    if (maximised) window.maximize();
    window.show();
  });
  window.on('close', () =>
    storeState(statePath, { ...window.getNormalBounds(), maximised: window.isMaximized() }),
  );
  revivePage(window);
  void window.loadURL(`${appOrigin}/index.html`);
  return window;
}

/** Tells the window of an event. A window that is gone hears nothing. */
export function tellWindow(window: BrowserWindow, event: WindowEvent): void {
  if (!window.isDestroyed()) window.webContents.send(eventChannel, event);
}
