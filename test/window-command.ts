import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './programs.ts';

const root = join(import.meta.dirname, '..');

/** The program in an unpacked Electron of any platform; null where `folder` holds none. */
export function electronProgram(folder: string): string | null {
  const names = ['electron', 'electron.exe', join('Electron.app', 'Contents', 'MacOS', 'Electron')];
  return names.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** What a real window needs here: an Electron that can start, and a display. */
export type WindowCommand =
  | { readonly kind: 'possible'; readonly electron: string; readonly prefix: readonly string[] }
  | { readonly kind: 'missing'; readonly reason: string };

/** ELECTRON_OVERRIDE_DIST_PATH, or the official Electron where it is installed; on Linux without a display, Xvfb's. */
export function windowCommand(): WindowCommand {
  const electron = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules', 'electron', 'dist');
  if (electronProgram(electron) === null)
    return { kind: 'missing', reason: 'no Electron found (see CONTRIBUTING.md)' };
  if (process.platform !== 'linux' || process.env.DISPLAY !== undefined)
    return { kind: 'possible', electron, prefix: [] };
  const missing = ['xvfb-run', 'dbus-run-session'].filter((program) => findProgram(program) === null);
  if (missing.length > 0) return { kind: 'missing', reason: `no display and no ${missing.join(', no ')}` };
  const screen = ['xvfb-run', '-a', '-s', '-screen 0 1600x1000x24'];
  return { kind: 'possible', electron, prefix: [...screen, 'dbus-run-session', '--'] };
}
