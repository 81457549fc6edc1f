import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { windowCommand } from '../../test/window-command.ts';
import { readOptions } from '../command-options.ts';

/** Takes the screenshots of the documents in the real window, on a display of its own where there is none. */
const usage = `usage: npm run screenshots
  Builds the application and writes its screens into docs/screenshots, in both themes. It takes minutes, and needs
  Electron and a display (CONTRIBUTING.md).`;
readOptions(usage, {});
const command = windowCommand();
if (command.kind === 'missing') {
  process.stderr.write(`screenshots: ${command.reason}\n`);
  process.exit(1);
}
const script = join(import.meta.dirname, 'write-screens.ts');
const [program, ...args] = [...command.prefix, process.execPath, script];
const { status } = spawnSync(program!, args, {
  env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: command.electron },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
