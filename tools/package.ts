import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `npm run package`: builds the application and makes its folder, dist/linux-unpacked and the like, from the Electron
 * that is configured: ELECTRON_OVERRIDE_DIST_PATH, else the official one, which electron-builder fetches. Further
 * arguments go to electron-builder.
 */
const root = join(import.meta.dirname, '..');
const electron = process.env.ELECTRON_OVERRIDE_DIST_PATH;

function execute(script: string, args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function configured(folder: string): string[] {
  const version = join(folder, 'version');
  if (!existsSync(version)) {
    process.stderr.write('ELECTRON_OVERRIDE_DIST_PATH holds no Electron: no file "version" in it\n');
    process.exit(1);
  }
  return [
    `-c.electronDist=${folder}`,
    `-c.electronVersion=${readFileSync(version, 'utf8').trim().replace(/^v/, '')}`,
  ];
}

execute('vite/bin/vite.js', ['build', '--config', 'renderer/vite.config.ts']);
execute('vite/bin/vite.js', ['build', '--config', 'main/electron/vite.config.ts']);
execute('electron-builder/out/cli/cli.js', [
  '--dir',
  // The one native part of ours is built for any Node by its stable interface.
  '-c.npmRebuild=false',
  ...(electron === undefined ? [] : configured(electron)),
  ...process.argv.slice(2),
]);
