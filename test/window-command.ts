import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './programs.ts';

const root = join(import.meta.dirname, '..');

/** The program in an unpacked Electron of any platform; null where `folder` holds none. */
export function electronProgram(folder: string): string | null {
  const names = ['electron', 'electron.exe', join('Electron.app', 'Contents', 'MacOS', 'Electron')];
  return names.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Electron is here, in this folder; or what installs it. */
export type ElectronFolder =
  | { readonly kind: 'found'; readonly folder: string; readonly program: string }
  | { readonly kind: 'missing'; readonly reason: string };

/** Finds Electron in ELECTRON_OVERRIDE_DIST_PATH or, without the variable, the official one where it is installed. */
export function electronFolder(
  { ELECTRON_OVERRIDE_DIST_PATH: override }: NodeJS.ProcessEnv = process.env,
): ElectronFolder {
  const folder = override ?? join(root, 'node_modules', 'electron', 'dist');
  const program = electronProgram(folder);
  if (program !== null) return { kind: 'found', folder, program };
  const where = override === undefined ? 'is not installed' : 'is not in ELECTRON_OVERRIDE_DIST_PATH';
  const install = 'run `npx install-electron`, or set ELECTRON_OVERRIDE_DIST_PATH to a folder that holds it';
  return { kind: 'missing', reason: `Electron ${where}: ${install}` };
}

/** What a real window needs here: an Electron that can start, and a display. */
export type WindowCommand =
  | { readonly kind: 'possible'; readonly electron: string; readonly prefix: readonly string[] }
  | { readonly kind: 'missing'; readonly reason: string };

/** ELECTRON_OVERRIDE_DIST_PATH, or the official Electron where it is installed; on Linux without a display, Xvfb's. */
export function windowCommand(): WindowCommand {
  const found = electronFolder();
  if (found.kind === 'missing') return found;
  const { folder: electron } = found;
  if (process.platform !== 'linux' || process.env.DISPLAY !== undefined)
    return { kind: 'possible', electron, prefix: [] };
  const missing = ['xvfb-run', 'dbus-run-session'].filter((program) => findProgram(program) === null);
  if (missing.length > 0) return { kind: 'missing', reason: `no display and no ${missing.join(', no ')}` };
  const screen = ['xvfb-run', '-a', '-s', '-screen 0 1600x1000x24'];
  return { kind: 'possible', electron, prefix: [...screen, 'dbus-run-session', '--'] };
}
