import { app, BrowserWindow, session } from 'electron';
import { appOrigin, declareAppScheme, serveRenderer } from '../../../main/electron/window/app-protocol.ts';
import { refuseNavigation, refusePermissions } from '../../../main/electron/window/lockdown.ts';

/**
 * An Electron application that shows the built page under its own content policy, in a sandboxed window without the
 * preload: test/e2e/states/stage.ts puts a bridge of its own there. Argument: the folder of the built page.
 */
declareAppScheme();
refuseNavigation();
// Not awaited: Electron is ready only after this module has ended.
void app.whenReady().then(() => {
  refusePermissions(session.defaultSession);
  serveRenderer(session.defaultSession, process.argv.at(-1)!);
  const window = new BrowserWindow({
    width: 1600,
    height: 1000,
    useContentSize: true,
    webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false },
  });
  return window.loadURL(`${appOrigin}/index.html`);
});
