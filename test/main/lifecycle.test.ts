import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    const unlock = await lockFolder(folder);
    await expect(lockFolder(folder, 200)).rejects.toMatchObject({
      code: 'data-folder-in-use',
      detail: { holder: process.pid },
    });
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
  it('fails what was asked of it with a code; the next is asked of another engine', async () => {
    let deaths = 0;
    const engine = openEngine({
      ...{ bundleRoot, bundleName: 'cxr-f8-r1', connection: plainConnection('http://127.0.0.1:9') },
      onCrash: () => {
        deaths += 1;
      },
    });
    await engine.ready();
    const { pid } = engine;
    await using reader = openReader();
    const running = classify({ engine, reader }, sampleStudy, {
      onProgress: ({ stage }) => {
        if (stage === 'encoding') process.kill(pid!, 'SIGKILL');
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'engine-crashed' });
    // Nobody listens there, which only an engine finds out.
    await expect(classify({ engine, reader }, sampleStudy)).rejects.toMatchObject({
      code: 'evaluator-unreachable',
    });
    expect(engine.pid).not.toBe(pid);
    expect(deaths).toBe(1);
    await engine[Symbol.asyncDispose]();
  });
});

describe.skipIf(process.platform === 'win32')(
  titled(
    'an interrupted command line',
    process.platform === 'win32' ? 'Windows has no process groups' : null,
  ),
  () => {
    /**
     * Classifies two files, and interrupts when a line with `word` is written.
     *
     * @param whole  sends the signal to the whole process group, as a terminal does.
     */
    async function interrupted(word: string, signals: readonly NodeJS.Signals[], whole: boolean) {
      const own = mkdtempSync(join(tmpdir(), 'cipherfilm-lifecycle-'));
      const none = join(own, 'no-such-folder');
      const policy = join(own, 'policy.json');
      await writeFile(policy, '{"evaluator":"embedded"}');
      const cli = spawn(
        process.execPath,
        ['main/cli/index.ts', 'classify', sampleStudy, sampleStudy, '--json'],
        {
          cwd: root,
          detached: true,
          env: {
            ...process.env,
            // Other programs have temporary folders too.
            ...{ TMPDIR: own },
            ...{ XDG_CONFIG_HOME: none, CIPHERFILM_POLICY: policy, CIPHERFILM_EVALUATOR: 'ignored' },
          },
        },
      );
      let [out, at, words] = ['', 0, ''];
      cli.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
      cli.stderr.on('data', (chunk: Buffer) => {
        words += chunk.toString();
        if (at > 0 || !words.includes(word)) return;
        at = performance.now();
        for (const signal of signals) process.kill(whole ? -cli.pid! : cli.pid!, signal);
      });
      const [code] = (await once(cli, 'exit')) as [number];
      const tookMs = performance.now() - at;
      const left = readdirSync(own).filter((name) => name !== 'policy.json');
      await rm(own, { recursive: true, force: true });
      return { code, out, at, tookMs, left, group: cli.pid!, words };
    }

    it.each([
      ['Ctrl-C in a terminal, while keys are made', 'generating keys', ['SIGINT'], true],
      ['SIGTERM to the whole process group', 'encoding', ['SIGTERM'], true],
      ['SIGTERM alone, before the first file', 'does not count', ['SIGTERM'], false],
      ['one Ctrl-C that npm passes on a second time', 'encoding', ['SIGINT', 'SIGINT'], true],
    ] as const)('cancels every file and leaves nothing behind: %s', async (_how, word, signals, whole) => {
      const { code, out, at, tookMs, left, group, words } = await interrupted(word, signals, whole);
      expect(at).toBeGreaterThan(0);
      expect(code).toBe(1);
      const cancelled = { file: sampleStudy, error: { code: 'cancelled', detail: {} } };
      expect(JSON.parse(out)).toEqual({ analyses: [cancelled, cancelled] });
      expect(words).toContain('2 files: 0 classified, 2 cancelled');
      expect(words).not.toContain('unexpectedly');
      expect(left).toEqual([]);
      await expect.poll(() => isGroupAlive(group), { timeout: 1_000 }).toBe(false);
      // 0.8 s at most on two cores at rest; an engine that was waited for took five.
      expect(tookMs).toBeLessThan(3_000);
    });
  },
);

function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
