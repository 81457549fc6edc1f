import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { isEvaluatorTrouble, type Standing } from '../../../contract/ipc/standing.ts';
import { paths } from '../../../contract/protocol.ts';
import { connect } from '../../../main/connector/connector.ts';
import { ReadinessKeeper } from '../../../main/engine/keep-ready.ts';
import type { Workstation } from '../../../main/engine/station.ts';
import {
  ask,
  bundle,
  description,
  type FakeEvaluator,
  keyFrame,
  otherBundle,
  startFakeEvaluator,
} from '../../evaluator/fake-evaluator.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const quick = { retry: { attempts: 2, baseDelayMs: 1, maxDelayMs: 5 }, requestTimeoutMs: 2000 };
const rhythm = { calmMs: 40, troubleMs: 10 };

/** A workstation whose key is made in two steps; everything beyond the keyring is real. */
function stationAt(url: string, { of = bundle, bytes = 200_000 } = {}) {
  const key = keyFrame(randomBytes(bytes / 2).toString('hex'));
  let made = 0;
  const elsewhere = { changed: false };
  const keyring = {
    isStale: async () => elsewhere.changed,
    get keyId() {
      return made > 0 ? key.id : null;
    },
    keys: async (onProgress: (fraction: number) => void = () => {}) => {
      if (made === 0) {
        for (const fraction of [0, 0.5, 1]) onProgress(fraction);
        made += 1;
      }
      return { evaluation: { frame: key.bytes, keyId: key.id } };
    },
  };
  const connector = connect(url, quick);
  const access = { open: async () => ({ state: 'open', body: { drops: [] } }) };
  const station = { half: { id: of, description }, access, keyring, connector } as unknown as Workstation;
  return { station, connector, key, elsewhere, made: () => made };
}

/** Runs a keeper and collects what it tells; `until` waits for a state that was told after the call. */
function keep(station: Workstation) {
  const told: Standing[] = [];
  const ends = new AbortController();
  const stale: true[] = [];
  const listener = { tell: (standing: Standing) => told.push(standing), onStale: () => stale.push(true) };
  const keeper = new ReadinessKeeper(station, listener, rhythm);
  const running = keeper.run(ends.signal);
  cleanups.push(async () => {
    ends.abort();
    await running;
  });
  const until = async (kind: Standing['kind']) => {
    const from = told.length;
    for (let waits = 0; waits < 400; waits += 1) {
      const found = told.slice(from).find((standing) => standing.kind === kind);
      if (found !== undefined) return found;
      await sleep(5);
    }
    throw new TypeError(`never ${kind}: ${JSON.stringify(told)}`);
  };
  return { told, keeper, until, stale };
}

async function started(folder?: string): Promise<FakeEvaluator> {
  const evaluator = await startFakeEvaluator(folder === undefined ? {} : { folder });
  cleanups.push(evaluator.destroy);
  return evaluator;
}

/** Passes requests on to `target`; answers 503 while there is none, as a proxy does. */
async function startFront() {
  const front = { url: '', target: null as string | null };
  const server = createServer(async (request, response) => {
    if (front.target === null) {
      request.resume();
      response.writeHead(503).end();
      return;
    }
    const [method, { host, connection, ...headers }] = [request.method!, request.headers];
    const body =
      method === 'PUT' ? { body: request as unknown as ReadableStream, duplex: 'half' as const } : {};
    const asked = { method, headers: headers as never, ...body };
    // Whoever is behind the address may be gone by now.
    const answer = await fetch(front.target + request.url, asked).catch(() => null);
    if (answer === null) {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  front.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return front;
}

describe('a workstation that keeps ready', () => {
  it('makes and uploads its keys before anybody asks, and is ready only then', async () => {
    const { url } = await started();
    const { station, connector, key } = stationAt(url);
    const { told, until } = keep(station);
    expect(await until('ready')).toEqual({ kind: 'ready', keyId: key.id });
    expect(connector.bytes.evaluationKeys).toBe(key.bytes.length);
    expect(told.slice(0, 4)).toEqual([
      { kind: 'connecting' },
      { kind: 'generating-keys', fraction: 0 },
      { kind: 'generating-keys', fraction: 0.5 },
      { kind: 'uploading-keys', fraction: 0 },
    ]);
    expect(told.filter(({ kind }) => kind === 'ready')).toHaveLength(1);
  });

  it('says that the evaluator is gone, and comes back by itself with the same keys', async () => {
    // The address stays; who answers behind it changes.
    const front = await startFront();
    const { station, key, made } = stationAt(front.url);
    const { until } = keep(station);
    for (let times = 0; times < 2; times += 1) {
      front.target = null;
      expect(await until('trouble')).toMatchObject({ error: { code: 'evaluator-unreachable' } });
      front.target = (await started()).url;
      expect(await until('ready')).toEqual({ kind: 'ready', keyId: key.id });
    }
    expect(made()).toBe(1);
  });

  it('uploads keys again that the evaluator lost while nothing was asked of it', async () => {
    const { url } = await started();
    const { station, connector, key } = stationAt(url);
    const { until } = keep(station);
    await until('ready');
    await ask('DELETE', url + paths.key(key.id));
    for (let waits = 0; connector.bytes.evaluationKeys < 2 * key.bytes.length; waits += 1) {
      if (waits > 400) throw new TypeError('never uploaded again');
      await sleep(5);
    }
  });

  it('makes no keys for an evaluator that does not serve the model', async () => {
    const { url } = await started();
    const { station, made } = stationAt(url, { of: otherBundle });
    const { until } = keep(station);
    expect(await until('trouble')).toMatchObject({ error: { code: 'bundle-unknown' } });
    expect(made()).toBe(0);
  });

  it('shares one upload with a study that comes meanwhile', async () => {
    const { url } = await started();
    const { station, connector, key } = stationAt(url);
    const { until } = keep(station);
    const ready = until('ready');
    await station.connector.ensureKeys(key.bytes, key.id);
    await ready;
    expect(connector.bytes.evaluationKeys).toBe(key.bytes.length);
  });

  it('is not ready after a study met an evaluator in trouble, and asks nothing because of it', async () => {
    const seen: string[] = [];
    const { url } = await started();
    const { station } = stationAt(url);
    const { keeper, told, until } = keep(station);
    await until('ready');
    const { probe } = station.connector;
    station.connector.probe = (...given) => {
      seen.push('probe');
      return probe.apply(station.connector, given);
    };
    keeper.trouble({ code: 'evaluator-protocol', detail: { field: 'job id' } });
    expect(told.at(-1)).toMatchObject({ kind: 'trouble' });
    expect(seen).toEqual([]);
    await until('ready');
  });

  it('is not ready after its queue was full, until a question is taken', async () => {
    const { url } = await started();
    const { station, key } = stationAt(url);
    const { keeper, told, until } = keep(station);
    await until('ready');
    keeper.trouble({ code: 'queue-full', detail: {} });
    // Ten more rounds find that the evaluator answers, serves the model and holds the keys.
    await sleep(10 * rhythm.calmMs);
    expect(told.at(-1)).toMatchObject({ kind: 'trouble', error: { code: 'queue-full' } });
    keeper.accepted();
    expect(told.at(-1)).toEqual({ kind: 'ready', keyId: key.id });
  });

  it('says so when another program has changed the key in use', async () => {
    const { url } = await started();
    const { station, elsewhere } = stationAt(url);
    const { until, stale, keeper } = keep(station);
    await until('ready');
    expect(stale).toEqual([]);
    elsewhere.changed = true;
    keeper.now();
    await expect.poll(() => stale.length).toBeGreaterThan(0);
  });

  it('sends nothing after it was ended', async () => {
    const { url } = await started();
    const { station, connector } = stationAt(url);
    const ends = new AbortController();
    const told: Standing[] = [];
    const running = new ReadinessKeeper(
      station,
      { tell: (standing) => told.push(standing), onStale: () => {} },
      rhythm,
    ).run(ends.signal);
    ends.abort();
    await running;
    expect(told).toEqual([{ kind: 'connecting' }]);
    expect(connector.bytes.evaluationKeys).toBe(0);
  });
});

describe('trouble of the evaluator', () => {
  it('is told apart from what concerns one study, and from everything after a decryption', () => {
    expect(isEvaluatorTrouble({ code: 'evaluator-unreachable', detail: { reason: 'timeout' } })).toBe(true);
    expect(isEvaluatorTrouble({ code: 'bundle-unknown', detail: {} })).toBe(true);
    expect(isEvaluatorTrouble({ code: 'queue-full', detail: { got: 8, expected: 8 } })).toBe(true);
    expect(isEvaluatorTrouble({ code: 'result-invalid', detail: {} })).toBe(false);
    expect(isEvaluatorTrouble({ code: 'input-unlike-chest', detail: { reason: 'distance' } } as never)).toBe(
      false,
    );
    expect(isEvaluatorTrouble({ code: 'cancelled', detail: {} })).toBe(false);
  });
});
