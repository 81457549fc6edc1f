import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Config, readConfig } from '../../evaluator/config.ts';
import { instructionSets, nativeSets } from '../../kernel/native.ts';
import { startEmbeddedEvaluator } from '../../main/host/headless.ts';

const entry = fileURLToPath(new URL('./fake-entry.ts', import.meta.url));
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('the configuration of an evaluator', () => {
  const codeOf = (argv: string[], env: Record<string, string> = {}): unknown => {
    try {
      return readConfig(argv, env);
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('serves this machine alone by default', () => {
    expect(readConfig([], {})).toMatchObject({ host: '127.0.0.1', port: 8420, workers: 1, log: false });
  });

  it('comes from flags before the environment', () => {
    const env = { CIPHERFILM_EVALUATOR_PORT: '1', CIPHERFILM_EVALUATOR_MAX_QUEUED: '7' };
    const config: Config = readConfig(['--port', '0', '--log', '--data', '/x'], env);
    expect(config).toMatchObject({ port: 0, maxQueued: 7, log: true, dataFolder: '/x' });
  });

  it('refuses a host that others can reach unless plain HTTP is asked for', () => {
    expect(codeOf(['--host', '0.0.0.0'])).toBe('request-invalid');
    expect(codeOf(['--host', '127.evil.example'])).toBe('request-invalid');
    // Whom it lets in must be said as well.
    expect(codeOf(['--host', '0.0.0.0', '--insecure-http'])).toBe('request-invalid');
    const argv = ['--host', '0.0.0.0', '--insecure-http', '--access', '/x'];
    expect(codeOf(argv)).toMatchObject({ host: '0.0.0.0' });
  });

  it('computes with the fastest arithmetic that this machine has, or the one asked for', () => {
    expect(codeOf([])).toMatchObject({ arithmetic: nativeSets()[0] ?? 'wasm' });
    expect(codeOf(['--arithmetic', 'wasm'])).toMatchObject({ arithmetic: 'wasm' });
    for (const set of instructionSets)
      expect(codeOf(['--arithmetic', set])).toEqual(
        nativeSets().includes(set) ? expect.objectContaining({ arithmetic: set }) : 'request-invalid',
      );
  });

  it.each([
    [['--arithmetic', 'neon']],
    [['--port', 'x']],
    [['--port', '70000']],
    [['--workers', '0']],
    [['--unknown']],
    [['stray']],
    [['--host']],
  ])('refuses %j', (argv) => {
    expect(codeOf(argv)).toBe('request-invalid');
  });
});

describe('an embedded evaluator', () => {
  const options = { entry, bundleRoot: '/none' };

  it('tells its address and stops on request', async () => {
    const evaluator = await startEmbeddedEvaluator({ ...options, dataDir: 'serves' });
    expect(evaluator.url).toBe('http://127.0.0.1:4242');
    expect(isAlive(evaluator.pid)).toBe(true);
    await evaluator.stop();
    expect(isAlive(evaluator.pid)).toBe(false);
    await evaluator.stop();
  });

  it('that dies or stays silent is a coded error', async () => {
    const dead = startEmbeddedEvaluator({ ...options, dataDir: 'dies' });
    await expect(dead).rejects.toMatchObject({ code: 'evaluator-unreachable', detail: { status: 3 } });
    const silent = startEmbeddedEvaluator({ ...options, dataDir: 'silent', startTimeoutMs: 300 });
    await expect(silent).rejects.toMatchObject({ code: 'evaluator-unreachable' });
  });

  it('is given up on abort', async () => {
    const signal = AbortSignal.timeout(200);
    const starting = startEmbeddedEvaluator({ ...options, dataDir: 'silent', signal });
    await expect(starting).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('ends when the process that started it is killed', async () => {
    const parent = fork(fileURLToPath(new URL('./fake-parent.ts', import.meta.url)), [entry]);
    const [pid] = (await once(parent, 'message')) as [number];
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    for (let polls = 0; polls < 100 && isAlive(pid); polls += 1) await sleep(50);
    expect(isAlive(pid)).toBe(false);
  });

  it('of the real entry without bundles does not start', async () => {
    const starting = startEmbeddedEvaluator({ bundleRoot: '/none', dataDir: '/none/either' });
    await expect(starting).rejects.toMatchObject({ code: 'evaluator-unreachable', detail: { status: 1 } });
  });
});
