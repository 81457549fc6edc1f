import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { electronFolder } from '../test/window-command.ts';
import { readArguments } from './command-options.ts';

/** Builds the application and opens its window, from the sources. */
const usage = `usage: npm run app [-- FILE ...] [--evaluator URL] [-- SWITCHES]
  FILE            radiographs, folders or archives to open
  --evaluator     the evaluator to use instead of the configured one
  SWITCHES        behind one more --: Chromium's own, such as --no-sandbox or --user-data-dir=FOLDER
  It needs Electron: npx install-electron, or ELECTRON_OVERRIDE_DIST_PATH.`;
const options = { evaluator: { type: 'string' } } as const;
const most = Number.POSITIVE_INFINITY;
const { values, positionals, passedOn } = readArguments(usage, options, { most, passesOn: true });

const electron = electronFolder();
if (electron.kind === 'missing') {
  process.stderr.write(`app: ${electron.reason}\n`);
  process.exit(1);
}
const root = join(import.meta.dirname, '..');
const { status } = spawnSync(process.execPath, ['--run', 'build'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
const evaluator = values.evaluator === undefined ? [] : ['--evaluator', values.evaluator];
const args = [root, ...passedOn, ...evaluator, ...positionals];
const child = spawn(electron.program, args, { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('close', (code) => process.exit(code ?? 1));
