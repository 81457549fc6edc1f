import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addressIn, listeningLine } from '../../../contract/evaluator-line.ts';
import { EmbeddedEvaluator } from '../../../main/host/embedded-evaluator.ts';
import type { Program } from '../../../main/host/port.ts';
import { FakePort } from './fake-port.ts';

const address = 'http://127.0.0.1:4242';

function evaluatorWith(restarts: boolean) {
  const children: FakePort<never, never>[] = [];
  const programs: Program[] = [];
  const crashes: boolean[] = [];
  const evaluator = new EmbeddedEvaluator({
    launch: (program) => {
      programs.push(program);
      children.push(new FakePort());
      return children.at(-1) as never;
    },
    entry: '/evaluator.js',
    dataDir: '/data',
    bundleRoot: '/bundles',
    restarts,
    startTimeoutMs: 1_000,
    onCrash: (isFollowed) => crashes.push(isFollowed),
  });
  const portAsked = (index: number) => {
    const argv = programs[index]!.argv!;
    return argv[argv.indexOf('--port') + 1];
  };
  return { evaluator, children, programs, portAsked, crashes };
}

describe('the line that an evaluator prints when it listens', () => {
  it('is read back as the address, and only this machine\u2019s is taken', () => {
    expect(addressIn(listeningLine(address))).toBe(address);
    for (const line of [
      '',
      address,
      `${listeningLine(address)}/path`,
      `x ${listeningLine(address)}`,
      listeningLine('http://127.0.0.1'),
      listeningLine('http://127.0.0.1:4242\n'),
      listeningLine('http://127.0.0.1.evil.example:80'),
      listeningLine('http://0.0.0.0:8420'),
      listeningLine('https://127.0.0.1:8420'),
    ])
      expect(addressIn(line)).toBeNull();
  });
});

describe('an evaluator beside the application', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('starts once for all who ask, on loopback and any free port, and does not keep its parent', async () => {
    const { evaluator, children, programs } = evaluatorWith(true);
    const [one, two] = [evaluator.url(), evaluator.url()];
    children[0]!.print('something else');
    children[0]!.print(listeningLine(address));
    expect(await Promise.all([one, two])).toEqual([address, address]);
    expect(programs).toHaveLength(1);
    expect(programs[0]).toMatchObject({ isBackground: true, environment: { MALLOC_ARENA_MAX: '1' } });
    expect(programs[0]!.argv!.join(' ')).toBe(
      '--host 127.0.0.1 --port 0 --workers 1 --data /data --bundles /bundles',
    );
  });

  it('comes back after a crash on the port that the engine knows, when it is to', async () => {
    const { evaluator, children, portAsked } = evaluatorWith(true);
    const first = evaluator.url();
    children[0]!.print(listeningLine(address));
    await first;
    children[0]!.end();
    expect(children).toHaveLength(2);
    expect([portAsked(0), portAsked(1)]).toEqual(['0', '4242']);
    children[1]!.print(listeningLine(address));
    expect(await evaluator.url()).toBe(address);
  });

  it('that ends again and again is given up, and tried anew after ten minutes', async () => {
    const { evaluator, children, crashes } = evaluatorWith(true);
    const first = evaluator.url();
    children[0]!.print(listeningLine(address));
    await first;
    for (let crash = 0; crash < 4; crash += 1) {
      children.at(-1)!.end();
      children.at(-1)!.print(listeningLine(address));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    // The first and three more.
    expect(children).toHaveLength(4);
    expect(crashes).toEqual([true, true, true, false]);
    await expect(evaluator.url()).rejects.toMatchObject({
      code: 'evaluator-unreachable',
      detail: { reason: 'ended', embedded: true },
    });
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    const again = evaluator.url();
    children.at(-1)!.print(listeningLine(address));
    expect(await again).toBe(address);
  });

  it('is killed at once when its folder is thrown away, and waited for', async () => {
    const { evaluator, children } = evaluatorWith(true);
    const first = evaluator.url();
    children[0]!.print(listeningLine(address));
    await first;
    const killed = evaluator.kill();
    expect(children[0]!.asked).toEqual(['kill']);
    children[0]!.end({ status: null, hasStarted: true });
    await killed;
    expect(children).toHaveLength(1);
    await expect(evaluator.url()).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('stays away after a crash when nobody wants it back, until it is asked for', async () => {
    const { evaluator, children, portAsked } = evaluatorWith(false);
    const first = evaluator.url();
    children[0]!.print(listeningLine(address));
    await first;
    children[0]!.end();
    expect(children).toHaveLength(1);
    const again = evaluator.url();
    children[1]!.print(listeningLine('http://127.0.0.1:4243'));
    expect(await again).toBe('http://127.0.0.1:4243');
    expect(portAsked(1)).toBe('0');
  });

  it('that could not be started, ended or stayed silent is refused with its reason, and tried anew', async () => {
    const { evaluator, children } = evaluatorWith(true);
    const refused = async (detail: object, happens: (child: FakePort<never, never>) => unknown) => {
      const url = evaluator.url();
      url.catch(() => {});
      await happens(children.at(-1)!);
      await expect(url).rejects.toMatchObject({ code: 'evaluator-unreachable', detail });
    };
    await refused({ reason: 'not started' }, (child) => child.end({ status: null, hasStarted: false }));
    await refused({ reason: 'ended', status: 3 }, (child) => child.end({ status: 3, hasStarted: true }));
    await refused({ reason: 'silent' }, () => vi.advanceTimersByTimeAsync(1_000));
    expect(children).toHaveLength(3);
    expect(children[2]!.asked).toEqual(['kill']);
  });

  it('is paused without coming back by itself, and stopped for good; killed when it does not listen', async () => {
    const { evaluator, children } = evaluatorWith(true);
    const first = evaluator.url();
    children[0]!.print(listeningLine(address));
    await first;
    const paused = evaluator.pause();
    expect(children[0]!.asked).toEqual(['stop']);
    children[0]!.end();
    await paused;
    expect(children).toHaveLength(1);

    const again = evaluator.url();
    children[1]!.print(listeningLine(address));
    await again;
    const stopped = evaluator.stop();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(children[1]!.asked).toEqual(['stop', 'kill']);
    children[1]!.end({ status: null, hasStarted: true });
    await stopped;
    await expect(evaluator.url()).rejects.toMatchObject({ code: 'cancelled' });
    expect(children).toHaveLength(2);
  });
});
