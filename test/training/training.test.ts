import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { trainingPython } from './python.ts';

const root = join(import.meta.dirname, '..', '..');
const found = trainingPython();
const tests = readdirSync(join(root, 'training', 'tests'))
  .filter((name) => name.startsWith('test_'))
  .map((name) => name.slice(0, -'.py'.length));

describe('training/', () => {
  for (const name of tests)
    it(`passes its own ${name}`, { timeout: 900_000 }, ({ skip }) => {
      if (found.kind === 'missing') return skip(found.reason);
      const run = spawnSync(found.python, ['-m', 'unittest', `training.tests.${name}`], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(run.status, run.stderr).toBe(0);
    });
});

describe('a process that measures', () => {
  const cache = mkdtempSync(join(tmpdir(), 'cipherfilm-queue-'));
  afterAll(() => rmSync(cache, { recursive: true }));
  const pausing = `import { pauseTraining } from './tools/pause-training.ts'; pauseTraining(process.argv[1]); process.stdin.resume(); process.stdout.write('paused');`;
  const start = (folder: string) =>
    spawn(process.execPath, ['--input-type=module', '-e', pausing, folder], { cwd: root });

  it('pauses the queue until it ends', async ({ skip }) => {
    if (found.kind === 'missing') return skip(found.reason);
    const status = () =>
      spawnSync(found.python, ['-m', 'training.queue', 'status', '--cache', cache], {
        cwd: root,
        encoding: 'utf8',
      }).stdout;
    const measuring = start(cache);
    await once(measuring.stdout, 'data');
    expect(status()).toContain(`paused by ${measuring.pid}`);
    measuring.stdin.end();
    measuring.kill();
    await once(measuring, 'exit');
    expect(status()).not.toContain('paused');
  });

  it('writes nothing where there is no queue', async () => {
    const folder = join(cache, 'absent');
    const measuring = start(folder);
    await once(measuring.stdout, 'data');
    measuring.kill();
    expect(existsSync(folder)).toBe(false);
  });
});
