import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { windowCommand } from '../../../test/window-command.ts';

/** Runs viewer.ts where a window can be opened; prints its JSON, or `null`. */
const command = windowCommand();
if (command.kind === 'missing') {
  process.stderr.write(`viewer not measured: ${command.reason}\n`);
  process.stdout.write('null\n');
} else {
  const [program, ...args] = [...command.prefix, process.execPath, join(import.meta.dirname, 'viewer.ts')];
  const { status, stdout } = spawnSync(program!, args, {
    encoding: 'utf8',
    env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: command.electron },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  process.stdout.write(status === 0 && stdout !== '' ? stdout : 'null\n');
}
