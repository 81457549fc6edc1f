import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { windowCommand } from '../../../test/window-command.ts';

/**
 * Runs a script of this folder where a window can be opened: with an Electron that can start, and with a display.
 *
 * @returns what the script printed, which is one JSON value; null where no window can be opened or the script failed.
 */
export function runInWindow(script: string, args: readonly string[] = []): unknown {
  const command = windowCommand();
  if (command.kind === 'missing') {
    process.stderr.write(`the window was not measured: ${command.reason}\n`);
    return null;
  }
  const whole = [...command.prefix, process.execPath, join(import.meta.dirname, script), ...args];
  const { status, stdout } = spawnSync(whole[0]!, whole.slice(1), {
    encoding: 'utf8',
    env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: command.electron },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // D-Bus may have a word before ours.
  const last = stdout.trim().split('\n').at(-1) ?? '';
  return status === 0 && last.startsWith('{') ? JSON.parse(last) : null;
}
