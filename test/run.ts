import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pauseTraining } from '../tools/pause-training.ts';
import { findSamples } from './samples.ts';
import { windowCommand } from './window-command.ts';

/**
 * `npm test`: types, lint, then every test. The tests of the real window need an Electron that can start: set
 * ELECTRON_OVERRIDE_DIST_PATH to its folder, or have the official one installed (`npx install-electron`). Without it
 * they are skipped, and the last lines say so. Tests on the sample collection need CIPHERFILM_SAMPLES (samples.ts), those
 * of training/ a Python with PyTorch (test/training/python.ts). A training queue on this machine sleeps meanwhile.
 */
const usage = `usage: npm test [-- ARGUMENTS]
  Types, lint, then every test; the last lines say what was skipped and why.
  ARGUMENTS   those of vitest: names of files, --reporter and the like`;
if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(`${usage}\n`);
  process.exit();
}
const root = join(import.meta.dirname, '..');
const report = join(root, 'test-results', 'vitest.json');
mkdirSync(join(root, 'test-results'), { recursive: true });
pauseTraining();

function execute(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

/** A script of package.json. On Windows `npm` is a batch file, which only a shell starts; Node runs scripts itself. */
const script = (name: string): boolean => execute(process.execPath, ['--run', name]);

const command = windowCommand();
if (command.kind === 'possible') process.env.ELECTRON_OVERRIDE_DIST_PATH = command.electron;
else delete process.env.ELECTRON_OVERRIDE_DIST_PATH;
const display = command.kind === 'possible' ? command.prefix : [];

const samples = findSamples('dicom');
const checks = [script('lint'), script('typecheck')];
if (command.kind === 'possible' && script('build')) process.env.CIPHERFILM_BUILT = 'yes';
const vitest = [
  process.execPath,
  join(root, 'node_modules', 'vitest', 'vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
];
const [program, ...args] = [...display, ...vitest, ...process.argv.slice(2)];
const green = execute(program!, args);

const counts = existsSync(report)
  ? (JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
    })
  : { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0 };
if (command.kind === 'missing')
  process.stdout.write(`Skipped: tests of the real window, ${command.reason}.\n`);
if (samples.kind === 'missing')
  process.stdout.write(`Skipped: tests on the sample collection, ${samples.reason}.\n`);
if (!checks.every(Boolean)) process.stdout.write('Lint or type check failed.\n');
// A file that fails before its first test, or a failed check, counts as one failure.
const failed =
  counts.numFailedTests + (green || counts.numFailedTests > 0 ? 0 : 1) + checks.filter((ok) => !ok).length;
process.stdout.write(
  `${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests} skipped\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
