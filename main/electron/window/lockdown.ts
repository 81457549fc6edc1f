import { app, type Session } from 'electron';

/**
 * Refuses, for every web contents that will ever exist, what this window never needs: navigation, new windows,
 * webviews (Electron security checklist 12 to 14).
 */
export function refuseNavigation(): void {
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-frame-navigate', (event) => event.preventDefault());
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}

/**
 * Refuses every permission and every device, whether a page asks for it or checks it (Electron security checklist 5).
 */
export function refusePermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => event.preventDefault());
}

/** Chromium's own switches that would let another program look into the window and act in it. */
const debuggingSwitches = [
  'remote-debugging-port',
  'remote-debugging-pipe',
  'remote-debugging-address',
  'remote-debugging-io-pipes',
  'remote-debugging-targets',
  'remote-allow-origins',
  'auto-open-devtools-for-tabs',
] as const;

/**
 * Takes no order to open a debugging port. It must run before the application is ready. Node's own inspector is closed by
 * the fuses of the packaged program (electron-builder.yml), which know nothing of Chromium's switches.
 */
export function refuseDebugging(): void {
  for (const name of debuggingSwitches) app.commandLine.removeSwitch(name);
}
