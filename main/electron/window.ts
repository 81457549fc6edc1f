import { BrowserWindow } from 'electron';
import type { WindowEvent } from '../../contract/ipc.ts';
import { appOrigin } from './app-protocol.ts';
import { eventChannel } from './channels.ts';

/** The reading window: sandboxed, isolated, without Node, shown once it has painted. */
export function openWindow(preloadPath: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 920,
    minWidth: 1000,
    minHeight: 640,
    title: 'Cipherfilm',
    backgroundColor: '#0b0e11',
    show: false,
    autoHideMenuBar: true,
    webPreferences: {
      preload: preloadPath,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${appOrigin}/index.html`);
  return window;
}

/** Tells the window; a window that is gone hears nothing. */
export function tellWindow(window: BrowserWindow, event: WindowEvent): void {
  if (!window.isDestroyed()) window.webContents.send(eventChannel, event);
}
