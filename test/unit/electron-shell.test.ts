import { EventEmitter } from 'node:events';
import { sep } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineCommand, EngineEvent } from '../../contract/engine.ts';
import { CxrError } from '../../contract/errors.ts';
import { AppState } from '../../main/electron/app-state.ts';
import { EngineHost, type EngineProcess } from '../../main/electron/engine-host.ts';
import { chooseEvaluator } from '../../main/electron/evaluator-choice.ts';
import { fileUnder } from '../../main/electron/file-under.ts';

class FakeProcess extends EventEmitter {
  readonly sent: EngineCommand[] = [];
  postMessage(message: EngineCommand): void {
    this.sent.push(message);
  }
  kill(): boolean {
    return true;
  }
}

const start: EngineCommand = {
  kind: 'start',
  bundleRoot: '/bundles',
  bundleName: 'cxr',
  evaluatorUrl: 'http://127.0.0.1:1',
  embedded: true,
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
    host.classify('a', new Uint8Array(1));
    host.classify('b', new Uint8Array(1));
    await settle();
    expect(children[0]!.sent.map((command) => command.kind)).toEqual(['start', 'classify', 'classify']);
  });
  it('fails the studies in flight when the engine dies, and starts another', async () => {
    const { host, children, told } = hostWith();
    await host.launch();
    host.classify('a', new Uint8Array(1));
    await vi.advanceTimersByTimeAsync(10_000);
    children[0]!.emit('exit', 11);
    await settle();
    expect(told).toContainEqual({
      kind: 'failed',
      studyId: 'a',
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
    host.classify('a', new Uint8Array(1));
    await settle();
    expect(children).toHaveLength(2);
  });
  it('fails with the reason why no evaluator could be started', async () => {
    const { host, told } = hostWith(async () => {
      throw new CxrError('evaluator-unreachable');
    });
    host.classify('a', new Uint8Array(1));
    await settle();
    expect(told).toContainEqual({
      kind: 'failed',
      studyId: 'a',
      error: { code: 'evaluator-unreachable', detail: {} },
    });
  });
  it('cancels a study that still waits without asking the engine', async () => {
    const { host, children, told } = hostWith();
    host.classify('a', new Uint8Array(1));
    expect(host.cancel('a')).toBe(true);
    expect(host.cancel('unknown')).toBe(false);
    await settle();
    expect(told).toContainEqual({ kind: 'failed', studyId: 'a', error: { code: 'cancelled', detail: {} } });
    expect(children[0]!.sent).toEqual([start]);
  });
  it('ends nothing twice: a finished study is not failed by a later crash', async () => {
    const { host, children, told } = hostWith();
    await host.launch();
    host.classify('a', new Uint8Array(1));
    children[0]!.emit('message', {
      kind: 'failed',
      studyId: 'a',
      error: { code: 'dicom-no-pixels', detail: {} },
    });
    children[0]!.emit('exit', 1);
    expect(told.filter((event) => event.kind === 'failed')).toHaveLength(1);
  });
});

describe('the choice of evaluator', () => {
  it('is embedded when nothing is configured', () => {
    expect(chooseEvaluator({}, ['electron', '.'], null)).toEqual({ kind: 'embedded' });
    expect(chooseEvaluator({}, [], '{}')).toEqual({ kind: 'embedded' });
  });
  it('prefers flag, then environment, then file', () => {
    const file = '{"evaluator":"https://file"}';
    const flag = ['--evaluator', 'https://flag'];
    const environment = { CIPHERFILM_EVALUATOR: 'https://env' };
    expect(chooseEvaluator(environment, flag, file)).toMatchObject({ url: 'https://flag' });
    expect(chooseEvaluator(environment, [], file)).toMatchObject({ url: 'https://env' });
    expect(chooseEvaluator({}, ['--evaluator=https://flag'], file)).toMatchObject({ url: 'https://flag' });
    expect(chooseEvaluator({}, [], file)).toMatchObject({ url: 'https://file' });
  });
  it('never turns a configuration it cannot read into the embedded evaluator', () => {
    for (const text of ['{', '{"evaluator":7}', '{"evaluator":null}']) {
      expect(chooseEvaluator({}, [], text).kind).toBe('remote');
    }
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
    const state = new AppState('1', false, () => {});
    state.evaluatorAt('https://user:secret@host.example/path');
    expect(state.status.evaluator.url).toBe('https://host.example/path');
    state.follow({ kind: 'key-ready', keyId: 'k' });
    state.follow({ kind: 'progress', studyId: 's', progress: { stage: 'queued', fraction: null } });
    expect(state.status.key.ready).toBe(true);
    state.follow({ kind: 'stopped' });
    expect(state.status.key.ready).toBe(false);
  });
});
