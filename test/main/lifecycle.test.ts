import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockFolder } from '../../evaluator/store/folder-lock.ts';
import { plainConnection } from '../../main/connector/evaluator-route.ts';
import { withTemporaryFolder } from '../../main/files/temporary-folder.ts';
import { bundleRoot, classify, openEngine, openReader, sampleStudy } from '../../main/host/headless.ts';
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

  const script = join(root, 'test', 'main', 'temporary-owner.ts');
  /** A process that has such a folder. */
  async function owner(...args: string[]) {
    const process_ = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(process_.stdout, 'data')) as [Buffer];
    const [folder = '', child = ''] = line.toString().trim().split(' ');
    return { process: process_, folder, child: Number(child) };
  }

  it('of a process that was killed is removed by the next of its kind; that of a living one is not', async () => {
    const [killed, living] = await Promise.all([owner(), owner()]);
    killed.process.kill('SIGKILL');
    await once(killed.process, 'exit');
    expect([existsSync(killed.folder), existsSync(living.folder)]).toEqual([true, true]);
    // The number of a living process that began at another time, and that of a process in another container.
    const reused = `${tmpdir()}/life-owner-${process.pid}-1-${/-(\d+)-\w{6}$/.exec(living.folder)![1]}-AAAAAA`;
    const elsewhere = `${tmpdir()}/life-owner-999999999-1-7-AAAAAA`;
    for (const folder of [reused, elsewhere]) mkdirSync(folder);
    await withTemporaryFolder('life-owner-', async () => {
      expect([existsSync(killed.folder), existsSync(living.folder)]).toEqual([false, true]);
      expect([existsSync(reused), existsSync(elsewhere)]).toEqual([process.platform !== 'linux', true]);
    });
    living.process.kill('SIGTERM');
    await once(living.process, 'exit');
    expect(existsSync(living.folder)).toBe(false);
    for (const folder of [reused, elsewhere]) await rm(folder, { recursive: true, force: true });
  });

  describe.skipIf(process.platform === 'win32')(
    titled(
      'of a tool that is told to end',
      process.platform === 'win32' ? 'Windows has no such signals' : null,
    ),
    () => {
      it.each([
        ['SIGINT', 130],
        ['SIGTERM', 143],
        ['SIGHUP', 129],
      ] as const)(
        'by %s goes with it, and so does a busy child process; the status is %i',
        async (signal, status) => {
          const tool = await owner('with child');
          tool.process.kill(signal);
          const [code] = (await once(tool.process, 'exit')) as [number];
          expect(code).toBe(status);
          expect(existsSync(tool.folder)).toBe(false);
          // A killed process is there until the system has taken it away.
          await expect.poll(() => isAlive(tool.child), { timeout: 500 }).toBe(false);
        },
      );
    },
  );
});

function isAlive(pid: number): boolean {
  try {
    // Nobody collects the child of a process that has ended, in a container without an init process: it is a zombie.
    if (process.platform === 'linux' && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
      return false;
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('an engine that dies', () => {
  it('fails what is asked of it with a code, before and after its death', async () => {
    const engine = openEngine({
      bundleRoot,
      bundleName: 'cxr-f8-r1',
      connection: plainConnection('http://127.0.0.1:9'),
    });
    await engine.ready();
    await using reader = openReader();
    const running = classify({ engine, reader }, sampleStudy);
    process.kill(engine.pid!, 'SIGKILL');
    await expect(running).rejects.toMatchObject({ code: 'engine-crashed' });
    await expect(classify({ engine, reader }, sampleStudy)).rejects.toMatchObject({
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
