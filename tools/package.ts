import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { electronFolder } from '../test/window-command.ts';
import { readArguments } from './command-options.ts';

/**
 * Builds the application and makes its folder, dist/linux-unpacked and the like, from the Electron that is configured:
 * ELECTRON_OVERRIDE_DIST_PATH, else the official one, which electron-builder fetches.
 */
const usage = `usage: npm run package [-- -- ARGUMENTS]
  Builds the application and makes its folder below dist/.
  ARGUMENTS   behind one more --: those of electron-builder, such as --x64
  It takes Electron from ELECTRON_OVERRIDE_DIST_PATH, or fetches the official one.`;
const { passedOn } = readArguments(usage, {}, { most: 0, passesOn: true });
const root = join(import.meta.dirname, '..');
const electron = process.env.ELECTRON_OVERRIDE_DIST_PATH;

function execute(script: string, args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status === 0) return;
  process.stderr.write(`package: ${script} failed; without a network set ELECTRON_OVERRIDE_DIST_PATH\n`);
  process.exit(status ?? 1);
}

function configured(folder: string): string[] {
  const version = join(folder, 'version');
  const found = electronFolder();
  if (found.kind === 'missing' || !existsSync(version)) {
    const reason = found.kind === 'missing' ? found.reason : `Electron says no version: no file ${version}`;
    process.stderr.write(`package: ${reason}\n`);
    process.exit(1);
  }
  return [
    `-c.electronDist=${folder}`,
    `-c.electronVersion=${readFileSync(version, 'utf8').trim().replace(/^v/, '')}`,
  ];
}

const electronArguments = electron === undefined ? [] : configured(electron);
execute('vite/bin/vite.js', ['build', '--config', 'renderer/vite.config.ts']);
execute('vite/bin/vite.js', ['build', '--config', 'main/electron/vite.config.ts']);
execute('electron-builder/out/cli/cli.js', [
  '--dir',
  // The one native part of ours is built for any Node by its stable interface.
  '-c.npmRebuild=false',
  ...electronArguments,
  ...passedOn,
]);
