import { EventEmitter } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { parseAnalysisId } from '../../contract/ids/analysis-id.ts';
import type { EngineCommand, EngineEvent } from '../../contract/ipc/engine.ts';
import type { EngineInput } from '../../contract/stages.ts';
import { plainConnection } from '../../main/connector/evaluator-route.ts';
import { AppState } from '../../main/electron/app-state.ts';
import { dropped } from '../../main/electron/command-line.ts';
import { fileUnder } from '../../main/electron/window/file-under.ts';
import { storedState } from '../../main/electron/window/window-state.ts';
import { EngineHost, type EngineProcess } from '../../main/host/engine-host.ts';

class FakeProcess extends EventEmitter {
  readonly sent: EngineCommand[] = [];
  postMessage(message: EngineCommand): void {
    this.sent.push(message);
  }
  kill(): boolean {
    return true;
  }
}

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
  decodeMs: 0,
};

const start: EngineCommand = {
  kind: 'start',
  bundleRoot: '/bundles',
  bundleName: 'cxr',
  connection: plainConnection('http://127.0.0.1:1', true),
};

function hostWith(begin: () => Promise<EngineCommand> = async () => start) {
  const children: FakeProcess[] = [];
  const told: (EngineEvent | { kind: 'stopped' })[] = [];
  const host = new EngineHost({
    fork: () => {
      const child = new FakeProcess();
      children.push(child);
      return child as EngineProcess;
    },
    start: begin,
    tell: (event) => told.push(event),
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
  it('fails the studies in flight when the engine dies, and starts another', async () => {
    const { host, children, told } = hostWith();
    await host.launch();
    host.classify(first, engineInput);
    await vi.advanceTimersByTimeAsync(10_000);
    children[0]!.emit('exit', 11);
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
    children[0]!.emit('exit', 1);
    await settle();
    expect(children).toHaveLength(1);
    host.classify(first, engineInput);
    await settle();
    expect(children).toHaveLength(2);
  });
  it('fails with the reason why no evaluator could be started', async () => {
    const { host, told } = hostWith(async () => {
      throw new CxrError('evaluator-unreachable');
    });
    host.classify(first, engineInput);
    await settle();
    expect(told).toContainEqual({
      kind: 'failed',
      analysisId: first,
      error: { code: 'evaluator-unreachable', detail: {} },
    });
  });
  it('cancels a study that still waits without asking the engine', async () => {
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
  it('ends nothing twice: a finished study is not failed by a later crash', async () => {
    const { host, children, told } = hostWith();
    await host.launch();
    host.classify(first, engineInput);
    children[0]!.emit('message', {
      kind: 'failed',
      analysisId: first,
      error: { code: 'dicom-no-pixels', detail: {} },
    });
    children[0]!.emit('exit', 1);
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
    children[0]!.emit('message', { kind: 'probed', probeId: asked.probeId, found: probe });
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
    const error = { code: 'evaluator-certificate', detail: {} } as const;
    children[0]!.emit('message', { kind: 'probed', probeId: first!.probeId, found: error });
    await expect(refused).rejects.toMatchObject({ code: 'evaluator-certificate' });
    children[0]!.emit('exit', 1);
    await expect(orphaned).rejects.toMatchObject({ code: 'engine-crashed' });
  });
});

describe('the app protocol', () => {
  const inside = (name: string) => `${sep}app${sep}${name}`;
  it('maps paths into the renderer folder and nothing outside it', () => {
    expect(fileUnder(`${sep}app`, '/')).toBe(inside('index.html'));
    expect(fileUnder(`${sep}app`, '/assets/a.js')).toBe(inside(`assets${sep}a.js`));
    for (const path of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/a/../../secret', '/%00', '/%']) {
      expect(fileUnder(`${sep}app`, path)).toBeNull();
    }
  });
});

describe('the status of the app', () => {
  it('shows no credentials and forgets keys when the engine stops', () => {
    const facts = { version: '1', embedded: false, keepsWorklist: true, canRecompute: false };
    const state = new AppState(facts, () => {});
    state.evaluatorAt('https://user:secret@host.example/path', false);
    expect(state.status.evaluator.url).toBe('https://host.example/path');
    state.follow({ kind: 'key-ready', keyId: 'k' });
    state.follow({ kind: 'progress', analysisId: first, progress: { stage: 'queued', fraction: null } });
    expect(state.status.key.ready).toBe(true);
    state.follow({ kind: 'stopped' });
    expect(state.status.key.ready).toBe(false);
  });
});

describe('the place of the window', () => {
  const screens = [{ x: 0, y: 0, width: 1920, height: 1080 }];
  const kept = (text: string) => {
    const path = join(mkdtempSync(join(tmpdir(), 'cipherfilm-window-')), 'window.json');
    writeFileSync(path, text);
    return storedState(path, screens);
  };
  const state = { x: 10, y: 20, width: 1400, height: 900, maximised: false };
  it('is remembered', () => {
    expect(kept(JSON.stringify(state))).toEqual(state);
  });
  it('is forgotten where its screen is gone, or what was stored is not whole', () => {
    for (const lost of [
      { ...state, x: 1900 },
      { ...state, y: -200 },
      { ...state, y: 1060 },
      { ...state, width: 1 },
      { x: 1 },
    ])
      expect(kept(JSON.stringify(lost))).toBeNull();
    expect(kept('{')).toBeNull();
    expect(storedState('/nowhere/window.json', screens)).toBeNull();
  });
});

describe('what a start names', () => {
  it('is files and folders, without the program, its folder and switches', () => {
    expect(
      dropped(['cipherfilm', '--no-sandbox', 'film.dcm', '--evaluator', 'https://e', '/cd'], true),
    ).toEqual(['film.dcm', '/cd']);
    expect(dropped(['electron', '--inspect=0', '/sources', 'film.dcm'], false)).toEqual(['film.dcm']);
    expect(dropped(['cipherfilm'], true)).toEqual([]);
  });
});
