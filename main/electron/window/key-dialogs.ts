import {
  type BrowserWindow,
  dialog,
  type FileFilter,
  type OpenDialogOptions,
  type SaveDialogOptions,
  shell,
} from 'electron';
import type { KeyDialogs, SavedFile } from '../key-office.ts';

/** What the dialogs call each kind of file. */
const filters: Readonly<Record<SavedFile, FileFilter>> = {
  key: { name: 'Cipherfilm keys', extensions: ['key'] },
  sheet: { name: 'Pages to print', extensions: ['html'] },
  proof: { name: 'Records of destroyed keys', extensions: ['json'] },
};

/** The system's own dialogs about key files. @param window  finds the window over which they open. */
export const keyDialogs = (window: () => BrowserWindow | undefined): KeyDialogs => ({
  save: async (what, name) => {
    const options: SaveDialogOptions = {
      defaultPath: name,
      filters: [filters[what]],
      properties: ['showOverwriteConfirmation', 'createDirectory'],
    };
    const over = window();
    const { canceled, filePath } = await (over
      ? dialog.showSaveDialog(over, options)
      : dialog.showSaveDialog(options));
    return canceled || filePath === '' ? null : filePath;
  },
  folder: async () =>
    (await opened(window(), { properties: ['openDirectory', 'createDirectory'] }))?.[0] ?? null,
  open: () =>
    opened(window(), {
      properties: ['openFile', 'multiSelections'],
      filters: [
        { name: 'Cipherfilm keys and recovery sheets', extensions: ['key', 'html', 'txt'] },
        { name: 'All files', extensions: ['*'] },
      ],
    }),
  show: (path) => shell.showItemInFolder(path),
});

async function opened(
  over: BrowserWindow | undefined,
  options: OpenDialogOptions,
): Promise<readonly string[] | null> {
  const { filePaths } = await (over ? dialog.showOpenDialog(over, options) : dialog.showOpenDialog(options));
  return filePaths.length === 0 ? null : filePaths;
}
