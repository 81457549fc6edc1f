import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchNode } from '../../../main/host/node-port.ts';
import type { End, Port } from '../../../main/host/port.ts';
import type { FakeCommand } from './fake-child.ts';

const launchChild = (): Port<FakeCommand, Float64Array> =>
  launchNode({
    name: 'fake',
    entry: join(import.meta.dirname, 'fake-child.ts'),
    argv: ['first'],
    environment: { CIPHERFILM_CHILD: 'set', PATH: 'none' },
  });
const endOf = (port: Port<FakeCommand, Float64Array>) => new Promise<End>((resolve) => port.onEnd(resolve));

describe('a child process of plain Node', () => {
  it('hears commands and tells events with typed arrays whole', async () => {
    const port = launchChild();
    const told = new Promise<Float64Array>((resolve) => port.onEvent(resolve));
    port.send({ kind: 'echo', value: Float64Array.of(1, 2) });
    expect(await told).toEqual(Float64Array.of(1, 2));
    port.stop();
    expect(await endOf(port)).toEqual({ status: 0, hasStarted: true });
  });

  it('ends when its parent says so, not by a signal to the whole process group', async () => {
    const port = launchChild();
    const told = new Promise<Float64Array>((resolve) => port.onEvent(resolve));
    // Its first answer shows that it listens.
    port.send({ kind: 'echo', value: Float64Array.of(0) });
    await told;
    if (process.platform !== 'win32')
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(port.pid!, signal);
    const again = new Promise<Float64Array>((resolve) => port.onEvent(resolve));
    port.send({ kind: 'echo', value: Float64Array.of(1) });
    await again;
    port.stop();
    expect(await endOf(port)).toEqual({ status: 0, hasStarted: true });
  });

  it('tells its lines, the last without an end too, and gets variables that its parent lacks', async () => {
    const port = launchChild();
    const lines: string[] = [];
    port.onLine((line) => lines.push(line));
    port.send({ kind: 'leave' });
    expect(await endOf(port)).toEqual({ status: 7, hasStarted: true });
    await expect.poll(() => lines).toEqual(['first', 'set true']);
  });

  it('has a process id while it runs; afterwards its end is still told and commands are dropped', async () => {
    const port = launchChild();
    expect(port.pid).toBeGreaterThan(0);
    port.kill();
    await endOf(port);
    expect(port.pid).toBeUndefined();
    port.send({ kind: 'leave' });
    port.stop();
    expect(await endOf(port)).toEqual({ status: null, hasStarted: true });
  });
});
