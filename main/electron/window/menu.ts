import { app, Menu, type MenuItemConstructorOptions } from 'electron';
import type { MenuCommand } from '../../../contract/ipc/window.ts';

/** What the menu asks for: `pass` hands on what concerns the page. */
export type MenuActions = {
  readonly pass: (command: MenuCommand) => void;
  readonly lockKeys: () => void;
};

/** Opens the application's menu. */
export function openMenu({ pass, lockKeys }: MenuActions): void {
  const item = (label: string, command: MenuCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    click: () => pass(command),
    ...(accelerator === undefined ? {} : { accelerator }),
  });
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        item('Open files…', 'open-files', 'CmdOrCtrl+O'),
        item('Open folder…', 'open-folder', 'CmdOrCtrl+Shift+O'),
        { type: 'separator' },
        item('Keys…', 'keys', 'CmdOrCtrl+K'),
        { label: 'Lock the keys now', click: lockKeys, accelerator: 'CmdOrCtrl+L' },
        item('Settings…', 'settings', 'CmdOrCtrl+,'),
        { type: 'separator' },
        process.platform === 'darwin' ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        item('Light or dark', 'theme'),
        item('Hide or show the patient', 'privacy'),
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'help', submenu: [item('Keyboard and mouse', 'help', 'F1')] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  app.setAboutPanelOptions({
    applicationName: 'Cipherfilm',
    credits: 'Research use only. Not a medical device.',
  });
}
