import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockFolder } from '../../evaluator/store/folder-lock.ts';
import { plainConnection } from '../../main/connector/evaluator-route.ts';
import { withTemporaryFolder } from '../../main/files/temporary-folder.ts';
import { bundleRoot, classify, openEngine, sampleStudy } from '../../main/host/headless.ts';
import { titled } from '../titled.ts';

const root = join(import.meta.dirname, '..', '..');

describe('an evaluator’s data folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('serves one evaluator at a time', async () => {
    // The test runner's parent is alive and is not this process.
    await writeFile(join(folder, 'evaluator.lock'), String(process.ppid));
    await expect(lockFolder(folder, 200)).rejects.toMatchObject({
      code: 'data-folder-in-use',
      detail: { holder: process.ppid },
    });
  });

  it('waits for one that is about to stop, as when the application is closed and opened again', async () => {
    const stopping = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    await once(stopping, 'spawn');
    await writeFile(join(folder, 'evaluator.lock'), String(stopping.pid));
    const taken = lockFolder(folder);
    const early = await Promise.race([taken.then(() => 'taken'), sleep(300, 'waiting')]);
    expect(early).toBe('waiting');
    stopping.kill();
    const unlock = await taken;
    expect(await readFile(join(folder, 'evaluator.lock'), 'utf8')).toBe(String(process.pid));
    await unlock();
  });

  it('is taken over from one that is gone, and given back', async () => {
    const gone = spawn(process.execPath, ['--version']);
    await once(gone, 'exit');
    await writeFile(join(folder, 'evaluator.lock'), String(gone.pid));
    const unlock = await lockFolder(folder);
    expect(await readFile(join(folder, 'evaluator.lock'), 'utf8')).toBe(String(process.pid));
    await unlock();
    expect(existsSync(join(folder, 'evaluator.lock'))).toBe(false);
  });
});

describe('a temporary folder', () => {
  it('is gone after work that failed', async () => {
    let seen = '';
    const failing = withTemporaryFolder('life-', async (folder) => {
      seen = folder;
      throw new RangeError('work');
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(existsSync(seen)).toBe(false);
  });
});

describe('an engine that dies', () => {
  it('fails what is asked of it with a code, before and after its death', async () => {
    const engine = openEngine({
      bundleRoot,
      bundleName: 'cxr-f8-r1',
      connection: plainConnection('http://127.0.0.1:9'),
    });
    await engine.ready();
    const running = classify(engine, await readFile(sampleStudy));
    process.kill(engine.pid!, 'SIGKILL');
    await expect(running).rejects.toMatchObject({ code: 'engine-crashed' });
    await expect(classify(engine, new Uint8Array(4))).rejects.toMatchObject({
      code: 'engine-crashed',
    });
    await engine[Symbol.asyncDispose]();
  });
});

describe.skipIf(process.platform === 'win32')(
  titled(
    'Ctrl-C in a terminal, which reaches the whole process group',
    process.platform === 'win32' ? 'Windows has no process groups' : null,
  ),
  () => {
    it('cancels, reports the code and leaves no folder and no process behind', async () => {
      const before = new Set(readdirSync(tmpdir()));
      const cli = spawn(process.execPath, ['main/cli/index.ts', 'classify', sampleStudy, '--json'], {
        cwd: root,
        detached: true,
      });
      let out = '';
      cli.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
      let interrupted = false;
      cli.stderr.on('data', (chunk: Buffer) => {
        if (interrupted || !chunk.toString().includes('generating keys')) return;
        interrupted = true;
        process.kill(-cli.pid!, 'SIGINT');
      });
      const [code] = (await once(cli, 'exit')) as [number];
      expect(interrupted).toBe(true);
      expect(code).toBe(1);
      expect(JSON.parse(out)).toMatchObject({ analyses: [{ error: { code: 'cancelled' } }] });
      const left = readdirSync(tmpdir()).filter(
        (name) => name.startsWith('cipherfilm-evaluator-') && !before.has(name),
      );
      expect(left).toEqual([]);
      expect(() => process.kill(-cli.pid!, 0)).toThrow(/ESRCH/);
    });
  },
);
