import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { parseAnalysisId } from '../../../contract/ids/analysis-id.ts';
import { nothingStated } from '../../../contract/image/stated-content.ts';
import { inMemory } from '../../../contract/ipc/custody.ts';
import type { EngineCommand, EngineEvent } from '../../../contract/ipc/engine.ts';
import type { AnalysisResult, EngineInput } from '../../../contract/stages.ts';
import { plainConnection } from '../../../main/connector/evaluator-route.ts';
import { EngineHost } from '../../../main/host/engine/engine-host.ts';
import type { EngineStart } from '../../../main/host/engine/engine-options.ts';
import { launchNode } from '../../../main/host/node-port.ts';
import { FakePort } from './fake-port.ts';

const first = parseAnalysisId('11111111-1111-4111-8111-111111111111');
const second = parseAnalysisId('22222222-2222-4222-8222-222222222222');
const engineInput: EngineInput = {
  facts: {
    modality: 'DX',
    viewPosition: 'PA',
    rows: 2,
    columns: 2,
    photometric: 'MONOCHROME2',
    transferSyntax: '1.2.840.10008.1.2',
    lossy: false,
    window: 'full range',
  },
  image: { side: 256, values: new Float32Array(256 * 256) },
  content: nothingStated,
  field: { top: 0, left: 0, rows: 2, columns: 2 },
  decodeMs: 0,
};

const start: EngineStart = {
  kind: 'start',
  bundleRoot: '/bundles',
  bundleName: 'cxr',
  connection: plainConnection('http://127.0.0.1:1', true),
  keepsReady: true,
  custody: inMemory,
};

function hostWith(begin: () => Promise<EngineStart> = async () => start, restarts?: number) {
  const children: FakePort<EngineCommand, EngineEvent>[] = [];
  const told: (EngineEvent | { kind: 'stopped' })[] = [];
  const host = new EngineHost({
    launch: () => {
      const child = new FakePort<EngineCommand, EngineEvent>();
      children.push(child);
      return child;
    },
    start: begin,
    tell: (event) => told.push(event),
    ...(restarts === undefined ? {} : { restarts }),
  });
  return { host, children, told };
}

describe('the engine host', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const settle = () => vi.advanceTimersByTimeAsync(0);

  it('starts the engine first and then passes what waited, in order', async () => {
    const { host, children } = hostWith();
    host.classify(first, engineInput);
    host.classify(second, engineInput);
    await settle();
    expect(children[0]!.sent.map((command) => command.kind)).toEqual(['start', 'classify', 'classify']);
  });
  it('replaces the engine: what was under way fails with the reason, the old one is dead, a new one is started', async () => {
    const names = ['one', 'two'];
    const begin = async () => ({ ...start, bundleName: names.shift()! });
    const { host, children, told } = hostWith(begin, 0);
    await host.launch();
    host.classify(first, engineInput);
    const asked = host.keys({ kind: 'state' }, null);
    asked.catch(() => {});
    await settle();
    const replaced = host.replace({ code: 'key-locked', detail: {} });
    await settle();
    expect([children[0]!.asked, children.length]).toEqual([['kill'], 1]);
    children[0]!.end();
    await replaced;
    await expect(asked).rejects.toMatchObject({ code: 'key-locked' });
    expect(told).toContainEqual({
      ...{ kind: 'failed', analysisId: first },
      error: { code: 'key-locked', detail: {} },
    });
    // Not even one death is allowed here: it was none.
    expect([host.isOver, children.length]).toEqual([false, 2]);
    expect(children[1]!.sent).toMatchObject([{ kind: 'start', bundleName: 'two' }]);
    children[0]!.tell({ kind: 'failed', analysisId: second, error: { code: 'internal', detail: {} } });
    expect(told.filter((event) => event.kind === 'failed')).toHaveLength(1);
  });
  it('starts one in place of an engine that was not running', async () => {
    const { host, children } = hostWith();
    await host.replace({ code: 'key-locked', detail: {} });
    expect(children).toHaveLength(1);
  });
  it('fails the analyses in flight when the engine dies, and starts another', async () => {
    const { host, children, told } = hostWith();
    await host.launch();
    host.classify(first, engineInput);
    await vi.advanceTimersByTimeAsync(10_000);
    children[0]!.end();
    await settle();
    expect(told).toContainEqual({
      kind: 'failed',
      analysisId: first,
      error: { code: 'engine-crashed', detail: {} },
    });
    expect(children).toHaveLength(2);
  });
  it('does not restart an engine that dies at once until somebody asks again', async () => {
    const { host, children } = hostWith();
    await host.launch();
    children[0]!.end();
    await settle();
    expect(children).toHaveLength(1);
    host.classify(first, engineInput);
    await settle();
    expect(children).toHaveLength(2);
  });
  it('fails with the reason why no evaluator could be started', async () => {
    const { host, told } = hostWith(async () => {
      throw new CxrError('evaluator-unreachable', { reason: 'not started' });
    });
    host.classify(first, engineInput);
    await settle();
    expect(told).toContainEqual({
      kind: 'failed',
      analysisId: first,
      error: { code: 'evaluator-unreachable', detail: { reason: 'not started' } },
    });
  });
  it('cancels an analysis that still waits without asking the engine', async () => {
    const { host, children, told } = hostWith();
    host.classify(first, engineInput);
    expect(host.cancel(first)).toBe(true);
    expect(host.cancel(second)).toBe(false);
    await settle();
    expect(told).toContainEqual({
      kind: 'failed',
      analysisId: first,
      error: { code: 'cancelled', detail: {} },
    });
    expect(children[0]!.sent).toEqual([start]);
  });
  it('ends nothing twice: a finished analysis is not failed by a later crash', async () => {
    const { host, children, told } = hostWith();
    await host.launch();
    host.classify(first, engineInput);
    children[0]!.tell({
      kind: 'failed',
      analysisId: first,
      error: { code: 'dicom-no-pixels', detail: {} },
    });
    children[0]!.end();
    expect(told.filter((event) => event.kind === 'failed')).toHaveLength(1);
  });
});

describe('another evaluator', () => {
  const connection = plainConnection('https://evaluator.test');
  const probe = {
    version: '1',
    servesModel: true,
    roundTripMs: 1,
    proxied: false,
    tls: true,
    evaluationKeyBytes: 1,
  };

  it('is looked at and gone over to through the engine', async () => {
    const { host, children } = hostWith();
    const found = host.probe(connection);
    await new Promise((resolve) => setImmediate(resolve));
    const asked = children[0]!.sent.at(-1) as Extract<EngineCommand, { kind: 'probe' }>;
    expect(asked).toMatchObject({ kind: 'probe', connection });
    children[0]!.tell({ kind: 'probed', probeId: asked.probeId, found: probe });
    expect(await found).toEqual(probe);
    host.connect(connection);
    expect(children[0]!.sent.at(-1)).toEqual({ kind: 'connect', connection });
  });

  it('is refused with its code, also when the engine dies over it', async () => {
    const { host, children } = hostWith();
    const refused = host.probe(connection);
    refused.catch(() => {});
    const orphaned = host.probe(connection);
    orphaned.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    const [first] = children[0]!.sent.filter(({ kind }) => kind === 'probe') as { probeId: string }[];
    const error = { code: 'evaluator-certificate', detail: { reason: 'unknown authority' } } as const;
    children[0]!.tell({ kind: 'probed', probeId: first!.probeId, found: error });
    await expect(refused).rejects.toMatchObject({ code: 'evaluator-certificate' });
    children[0]!.end();
    await expect(orphaned).rejects.toMatchObject({ code: 'engine-crashed' });
  });
});

describe('an analysis that is awaited', () => {
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const result = { jobId: 'a job' } as unknown as AnalysisResult;
  const asked = (child: FakePort<EngineCommand, EngineEvent>) =>
    child.sent.find((command) => command.kind === 'classify')!.analysisId;
  const read = async () => engineInput;

  it('reports its progress, the reading first, and resolves to its own result', async () => {
    const { host, children } = hostWith();
    const stages: string[] = [];
    const awaited = host.analyse(read, { onProgress: ({ stage }) => stages.push(stage) });
    await settle();
    const analysisId = asked(children[0]!);
    children[0]!.tell({ kind: 'progress', analysisId, progress: { stage: 'encoding', fraction: null } });
    children[0]!.tell({ kind: 'done', analysisId: second, result: { jobId: 'another' } as never });
    children[0]!.tell({ kind: 'done', analysisId, result });
    expect(await awaited).toBe(result);
    expect(stages).toEqual(['reading', 'encoding']);
    expect(host.isBusy).toBe(false);
  });

  it('is cancelled at the engine by its signal, and before it got there without asking the engine', async () => {
    const { host, children } = hostWith();
    const abort = new AbortController();
    const running = host.analyse(read, { signal: abort.signal });
    await settle();
    const analysisId = asked(children[0]!);
    abort.abort();
    expect(children[0]!.sent.at(-1)).toEqual({ kind: 'cancel', analysisId });
    children[0]!.tell({ kind: 'failed', analysisId, error: { code: 'cancelled', detail: {} } });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await expect(host.analyse(read, { signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled' });
    expect(children[0]!.sent.filter(({ kind }) => kind === 'classify')).toHaveLength(1);
  });

  it('is cancelled soon although the engine is too busy to hear of it, or dies over it', async () => {
    const entry = join(import.meta.dirname, '..', 'busy-child.ts');
    await using host = new EngineHost({
      launch: () => launchNode({ name: 'busy', entry }),
      start: async () => start,
    });
    await host.launch();
    const abort = new AbortController();
    const running = host.analyse(read, { signal: abort.signal });
    running.catch(() => {});
    // It says that it is up, and is then busy for ten seconds.
    await sleep(500);
    const since = performance.now();
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await host[Symbol.asyncDispose]();
    // 300 ms of patience, and the time in which the system ends a process.
    expect(performance.now() - since).toBeLessThan(1_000);

    const { host: mortal, children } = hostWith();
    const again = new AbortController();
    const dying = mortal.analyse(read, { signal: again.signal });
    dying.catch(() => {});
    await settle();
    again.abort();
    children[0]!.end();
    await expect(dying).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('is followed by others on new engines after a crash, until too many died over nothing', async () => {
    const { host, children } = hostWith(undefined, 2);
    const die = async () => {
      const running = host.analyse(read);
      running.catch(() => {});
      await settle();
      children.at(-1)!.end();
      await expect(running).rejects.toMatchObject({ code: 'engine-crashed' });
    };
    await die();
    await die();
    const served = host.analyse(read);
    await settle();
    children.at(-1)!.tell({ kind: 'done', analysisId: asked(children.at(-1)!), result });
    expect(await served).toBe(result);
    // That one was of use: two may die after it, and the third is the last.
    children.at(-1)!.end();
    await die();
    expect(host.isOver).toBe(false);
    await die();
    expect(host.isOver).toBe(true);
    await expect(host.analyse(read)).rejects.toMatchObject({ code: 'engine-crashed' });
    expect(children).toHaveLength(5);
  });

  it('is not even read for an engine that is gone and not followed by another', async () => {
    const { host, children } = hostWith(undefined, 0);
    const ready = host.ready();
    await settle();
    children[0]!.tell({ kind: 'ready', bundle: { name: 'cxr', id: 'b' } });
    expect(await ready).toEqual({ name: 'cxr', id: 'b' });
    const running = host.analyse(read);
    running.catch(() => {});
    await settle();
    children[0]!.end();
    await expect(running).rejects.toMatchObject({ code: 'engine-crashed' });
    const unread = vi.fn(read);
    await expect(host.analyse(unread)).rejects.toMatchObject({ code: 'engine-crashed' });
    await expect(host.ready()).rejects.toMatchObject({ code: 'engine-crashed' });
    expect(unread).not.toHaveBeenCalled();
    expect(children).toHaveLength(1);
  });
});

describe('an engine that cannot serve', () => {
  it('tells whoever waits for it why, and so does one that could not be started', async () => {
    const { host, children } = hostWith();
    const ready = host.ready();
    ready.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    children[0]!.tell({ kind: 'unusable', error: { code: 'bundle-digest', detail: {} } });
    await expect(ready).rejects.toMatchObject({ code: 'bundle-digest' });

    const unstarted = hostWith(async () => {
      throw new CxrError('bundle-missing');
    });
    await expect(unstarted.host.ready()).rejects.toMatchObject({ code: 'bundle-missing' });
    expect(unstarted.told).toEqual([{ kind: 'unusable', error: { code: 'bundle-missing', detail: {} } }]);
  });
});

describe('an engine that is no longer wanted', () => {
  it('is killed, however busy, and waited for; nothing starts another', async () => {
    const { host, children } = hostWith();
    await host.launch();
    let isGone = false;
    const gone = host[Symbol.asyncDispose]().then(() => {
      isGone = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(children[0]!.asked).toEqual(['kill']);
    expect(isGone).toBe(false);
    children[0]!.end();
    await gone;
    await host.launch();
    expect(children).toHaveLength(1);
  });
});
