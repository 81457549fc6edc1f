import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { parseJobId } from '../../contract/ids/job-id.ts';
import { type JobState, mediaTypes, paths } from '../../contract/protocol.ts';
import { encodeFrame, frameDigest } from '../../he/wire/frame.ts';
import { packPayload } from '../../he/wire/payload.ts';
import { openResult } from '../../he/wire/result.ts';
import { partSizes, payloadLimits } from '../../he/wire/sizes.ts';
import { type Connector, connect } from '../../main/connector/connector.ts';
import { patientRetry } from '../../main/connector/patience.ts';
import {
  ask,
  bundle,
  inputFrame,
  keyFrame,
  otherBundle,
  startFakeEvaluator,
  waitFor,
} from '../evaluator/fake-evaluator.ts';
import { randomHefNet } from '../he/random-network.ts';
import { smallBundle } from '../he/small-bundle.ts';

const { description } = smallBundle(
  randomHefNet(3, { side: 16, widths: [8, 16], findings: 14, squeeze: 4, attention: true }),
);

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const quick = { retry: { attempts: 3, baseDelayMs: 1, maxDelayMs: 20 }, requestTimeoutMs: 2000 };
const jobId = parseJobId('ab'.repeat(16));

async function startEvaluator(): Promise<{ url: string; connector: Connector }> {
  const evaluator = await startFakeEvaluator();
  cleanups.push(evaluator.destroy);
  return { url: evaluator.url, connector: connect(evaluator.url, quick) };
}

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** An evaluator that lies: answers every request by hand; `seen` holds method and path of each. */
async function startLiar(handler: Handler): Promise<{ connector: Connector; url: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume();
    handler(request, response, seen.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { connector: connect(url, quick), url, seen };
}

const json = (response: ServerResponse, status: number, body: object, type = 'application/json') => {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
};
const problem = (response: ServerResponse, status: number, code: string, more: object = {}) =>
  json(response, status, { type: `urn:x:${code}`, title: code, status, code, ...more }, mediaTypes.problem);

describe('a connector and an honest evaluator', () => {
  it('carries a study through: bundle, keys, job, result', async () => {
    const { connector } = await startEvaluator();
    const key = keyFrame('k'.repeat(290_000));
    const input = inputFrame(key.id, 'hello');
    const fractions: number[] = [];
    const states: JobState['kind'][] = [];
    expect((await connector.service()).bundles).toContain(bundle);
    await connector.ensureBundle(bundle);
    await connector.ensureKeys(key.bytes, key.id, (fraction) => fractions.push(fraction));
    const id = await connector.submit(input);
    const done = await connector.await(id, { onState: (state) => states.push(state.kind) });
    const { frame } = await connector.fetchResult(id, 300_000);
    expect(frame.length).toBe(done.resultBytes);
    expect(states.at(-1)).toBe('done');
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(connector.bytes.evaluationKeys).toBe(key.bytes.length);
    expect(connector.bytes.sent).toBe(input.length);
    expect(connector.bytes.received).toBeGreaterThan(frame.length);
  });

  it('uploads keys once, and again by itself when the evaluator lost them', async () => {
    const { url, connector } = await startEvaluator();
    const key = keyFrame();
    await connector.ensureKeys(key.bytes, key.id);
    const told: number[] = [];
    await connector.ensureKeys(key.bytes, key.id, (fraction) => told.push(fraction));
    expect(told).toEqual([]);
    expect(connector.bytes.evaluationKeys).toBe(key.bytes.length);
    await ask('DELETE', url + paths.key(key.id));
    const id = await connector.submit(inputFrame(key.id));
    expect((await connector.await(id)).kind).toBe('done');
    expect(connector.bytes.evaluationKeys).toBe(2 * key.bytes.length);
  });

  it('resumes the accepted job when the same frame is submitted again', async () => {
    const { connector } = await startEvaluator();
    const key = keyFrame();
    await connector.ensureKeys(key.bytes, key.id);
    const input = inputFrame(key.id);
    expect(await connector.submit(input)).toBe(await connector.submit(input));
  });

  it('tells the code with which a job failed', async () => {
    const { connector } = await startEvaluator();
    const key = keyFrame();
    await connector.ensureKeys(key.bytes, key.id);
    const id = await connector.submit(inputFrame(key.id, 'malformed'));
    await expect(connector.await(id)).rejects.toMatchObject({ code: 'ciphertext-invalid' });
  });

  it('stops waiting on abort, and cancels the job on request', async () => {
    const { url, connector } = await startEvaluator();
    const key = keyFrame();
    await connector.ensureKeys(key.bytes, key.id);
    const id = await connector.submit(inputFrame(key.id, 'endless'));
    const controller = new AbortController();
    const waiting = connector.await(id, { signal: controller.signal });
    await sleep(100);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await connector.cancel(id);
    expect((await waitFor(url, id, 'cancelled')).kind).toBe('cancelled');
    await expect(connector.await(id)).rejects.toMatchObject({ code: 'job-cancelled' });
    await connector.cancel(jobId);
  });

  it('refuses a retired bundle and the result of another job', async () => {
    const { connector } = await startEvaluator();
    await expect(connector.ensureBundle(otherBundle)).rejects.toMatchObject({ code: 'bundle-unknown' });
    const key = keyFrame();
    await connector.ensureKeys(key.bytes, key.id);
    const [mine, other] = [inputFrame(key.id, 'mine'), inputFrame(key.id, 'other')];
    const id = await connector.submit(other);
    await connector.await(id);
    const { frame } = await connector.fetchResult(id, 1000);
    expect(() => openResult(frame, frameDigest(mine), bundle, description)).toThrow(/result-foreign/);
  });
});

describe('a connector and a result that is not what it should be', () => {
  const subject = frameDigest(inputFrame(keyFrame().id));
  const nonce = new Uint8Array(16);
  const sizes = partSizes(description).result;
  // Random bytes do not shrink, so that there are some to alter.
  const parts = sizes.map((size) => new Uint8Array(randomBytes(size)));
  const payload = packPayload(parts);
  const frameOf = (of: Partial<Parameters<typeof encodeFrame>[0]>) =>
    encodeFrame({ kind: 'result', bundle, subject, nonce, payload, ...of });
  const good = frameOf({});
  const foreign = frameOf({ bundle: otherBundle });
  const { result: maxPayloadBytes } = payloadLimits(description);
  const larger = frameOf({ payload: new Uint8Array(maxPayloadBytes + 1) });
  const altered = good.slice();
  altered[2000]! ^= 1;
  /** What the workstation does with a result: fetches it, and opens it before anything else. */
  const received = async (connector: Connector) =>
    openResult((await connector.fetchResult(jobId, maxPayloadBytes)).frame, subject, bundle, description);

  it.each([
    ['of another bundle', foreign, 'result-foreign'],
    ['altered in one bit', altered, 'result-invalid'],
    ['cut short', good.subarray(0, -1), 'result-invalid'],
    ['empty', new Uint8Array(0), 'result-invalid'],
    ['longer than it may be', larger, 'result-invalid'],
    ['of another kind', inputFrame(keyFrame().id), 'result-invalid'],
    ['to another question', frameOf({ subject: frameDigest(foreign) }), 'result-foreign'],
    ['without the ciphertext that it should hold', frameOf({ payload: packPayload([]) }), 'result-invalid'],
  ])('refuses one %s', async (_what, bytes, code) => {
    const { connector } = await startLiar((_request, response) => response.end(bytes));
    await expect(received(connector)).rejects.toMatchObject({ code });
  });

  it('takes the good one', async () => {
    const { connector } = await startLiar((_request, response) => response.end(good));
    expect(await received(connector)).toEqual(parts);
  });

  it('stops reading a reply that never ends', async () => {
    const { connector } = await startLiar((_request, response) => {
      const timer = setInterval(() => response.write(new Uint8Array(65_536)), 1);
      response.once('close', () => clearInterval(timer));
    });
    await expect(connector.fetchResult(jobId, 5000)).rejects.toMatchObject({ code: 'result-invalid' });
    await expect(connector.service()).rejects.toMatchObject({ code: 'evaluator-protocol' });
    expect(connector.bytes.received).toBeLessThan(2_000_000);
  });

  it('does not read a reply that is announced too large', async () => {
    const { connector } = await startLiar((_request, response) => {
      response.writeHead(200, { 'content-length': 1e9 }).flushHeaders();
    });
    await expect(connector.service()).rejects.toMatchObject({ code: 'evaluator-protocol' });
  });
});

describe('a connector and a troubled network', () => {
  const accepted = { id: jobId, state: { kind: 'queued', ahead: 0 } };
  const frame = inputFrame(keyFrame().id);

  it('resumes the job when the reply to submit was lost', async () => {
    const { connector, seen } = await startLiar((request, response, count) => {
      if (count === 1) request.socket.destroy();
      else problem(response, 409, 'frame-replayed', { jobId });
    });
    expect(await connector.submit(frame)).toBe(jobId);
    expect(seen.length).toBe(2);
  });

  it.each([429, 502, 503, 504])('tries again after %i', async (status) => {
    const { connector, seen } = await startLiar((_request, response, count) => {
      if (count < 3) response.writeHead(status, { 'retry-after': '0' }).end('proxy says no');
      else json(response, 202, accepted);
    });
    expect(await connector.submit(frame)).toBe(jobId);
    expect(seen.length).toBe(3);
  });

  it('waits with keys and questions for an evaluator that is restarted, and not with what comes before', async () => {
    const once = { attempts: 1, baseDelayMs: 0, maxDelayMs: 0 };
    const { url, seen } = await startLiar((request, response, count) => {
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (count < 8) request.socket.destroy();
      else if (request.method === 'PUT') response.writeHead(201).end();
      else json(response, 202, accepted);
    });
    const patience = { attempts: 10, baseDelayMs: 1, maxDelayMs: 5 };
    const connector = connect(url, { retry: once, patience });
    await expect(connector.service()).rejects.toMatchObject({ code: 'evaluator-unreachable' });
    const key = keyFrame();
    await connector.ensureKeys(key.bytes, key.id);
    expect(await connector.submit(frame)).toBe(jobId);
    expect(seen.length).toBe(9);
  });

  it('does not wait as long for an evaluator that is there and says that it is busy', async () => {
    const { url, seen } = await startLiar((_request, response) => problem(response, 503, 'queue-full'));
    const connector = connect(url, {
      patience: { attempts: 50, baseDelayMs: 1, maxDelayMs: 5, refusals: 4 },
    });
    await expect(connector.submit(frame)).rejects.toMatchObject({ code: 'queue-full' });
    expect(seen.length).toBe(4);
  });

  it('gives up a server that hangs after a stated time, whatever attempts are left', async () => {
    const { url, seen } = await startLiar(() => {});
    const retry = { attempts: 100, baseDelayMs: 1, maxDelayMs: 5, withinMs: 250 };
    const impatient = connect(url, { retry, requestTimeoutMs: 100 });
    const startedAt = performance.now();
    await expect(impatient.service()).rejects.toMatchObject({ detail: { reason: 'timeout' } });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.length).toBeLessThan(6);
  });

  it('has patience for two minutes on average, at random', () => {
    const { attempts, baseDelayMs, maxDelayMs } = patientRetry;
    // Pauses are drawn evenly below a ceiling that doubles up to the largest.
    const pauses = Array.from(
      { length: attempts - 1 },
      (_, index) => Math.min(maxDelayMs, baseDelayMs * 2 ** index) / 2,
    );
    const mean = pauses.reduce((sum, pause) => sum + pause, 0);
    expect(mean).toBeGreaterThan(120_000);
    expect(mean).toBeLessThan(180_000);
  });

  it('gives up after the last try with the code of the refusal', async () => {
    const { connector, seen } = await startLiar((_request, response) => problem(response, 503, 'queue-full'));
    await expect(connector.submit(frame)).rejects.toMatchObject({ code: 'queue-full' });
    expect(seen.length).toBe(3);
  });

  it.each([
    [400, 'frame-digest'],
    [422, 'frame-foreign'],
    [500, 'internal'],
  ])('does not try again after %i', async (status, code) => {
    const { connector, seen } = await startLiar((_request, response) => problem(response, status, code));
    await expect(connector.submit(frame)).rejects.toMatchObject({ code });
    expect(seen.length).toBe(1);
  });

  it('refuses problems with codes outside the list, and replies of another shape', async () => {
    const { connector } = await startLiar((_request, response) => problem(response, 400, 'made-up'));
    await expect(connector.service()).rejects.toMatchObject({ code: 'evaluator-protocol' });
    const shaped = await startLiar((_request, response) => json(response, 200, { id: '../../x', state: {} }));
    await expect(shaped.connector.submit(frame)).rejects.toMatchObject({ code: 'evaluator-protocol' });
    await expect(shaped.connector.service()).rejects.toMatchObject({ code: 'evaluator-protocol' });
    const other = { id: 'cd'.repeat(16), state: { kind: 'cancelled' } };
    const swapped = await startLiar((_request, response) => json(response, 200, other));
    await expect(swapped.connector.await(jobId)).rejects.toMatchObject({ code: 'evaluator-protocol' });
  });

  it('does not follow redirects', async () => {
    const target = await startLiar((_request, response) => json(response, 202, accepted));
    const { connector } = await startLiar((_request, response) =>
      response.writeHead(307, { location: target.url + paths.jobs }).end(),
    );
    await expect(connector.submit(frame)).rejects.toMatchObject({ code: 'evaluator-protocol' });
    expect(target.seen).toEqual([]);
  });

  it('gives up on an evaluator that does not answer in time, or at all', async () => {
    const { url } = await startLiar(() => {});
    const impatient = connect(url, { ...quick, requestTimeoutMs: 50 });
    await expect(impatient.service()).rejects.toMatchObject({ code: 'evaluator-unreachable' });
    const nobody = connect('http://127.0.0.1:1', quick);
    await expect(nobody.service()).rejects.toMatchObject({ code: 'evaluator-unreachable' });
  });

  describe('says of an evaluator that it did not reach why, and repeats no address:', () => {
    const reasonAt = async (url: string, timeoutMs = 2000) => {
      const connector = connect(url, { ...quick, requestTimeoutMs: timeoutMs });
      const error: unknown = await connector.service().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CxrError);
      expect((error as CxrError).code).toBe('evaluator-unreachable');
      expect((error as CxrError).message).not.toContain('127.0.0.1');
      return (error as CxrError<'evaluator-unreachable'>).detail;
    };

    it('nothing listens', async () => {
      const { url } = await startLiar(() => {});
      await cleanups.pop()!();
      expect(await reasonAt(url)).toEqual({ reason: 'connection refused' });
    });
    it('the name is not known', async () => {
      expect(await reasonAt('https://evaluator.invalid')).toEqual({ reason: 'name not found' });
    });
    it('nobody answers in time', async () => {
      const { url } = await startLiar(() => {});
      expect(await reasonAt(url, 50)).toEqual({ reason: 'timeout' });
    });
    it('the connection is cut, before the reply and within it', async () => {
      const before = await startLiar((request) => request.socket.destroy());
      expect(await reasonAt(before.url)).toEqual({ reason: 'connection lost' });
      const within = await startLiar((request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{');
        setTimeout(() => request.socket.destroy(), 20);
      });
      expect(await reasonAt(within.url)).toEqual({ reason: 'connection lost' });
    });
    it('the server speaks no TLS', async () => {
      const { url } = await startLiar((_request, response) => response.end());
      expect(await reasonAt(url.replace('http:', 'https:'))).toEqual({ reason: 'tls' });
    });
    it('something in front of it answers in its place', async () => {
      const { url } = await startLiar((_request, response) => response.writeHead(502).end('away'));
      expect(await reasonAt(url)).toEqual({ reason: 'gateway', status: 502 });
    });
  });

  it('does not hammer an evaluator that answers polls at once', async () => {
    const running = { id: jobId, state: { kind: 'running', fraction: 0, layer: '' } };
    const { connector, seen } = await startLiar((_request, response) => json(response, 200, running));
    const signal = AbortSignal.timeout(450);
    await expect(connector.await(jobId, { signal })).rejects.toMatchObject({ code: 'cancelled' });
    expect(seen.length).toBeLessThan(8);
  });
});

describe('an evaluator URL', () => {
  it.each([
    'https://evaluator.example',
    'https://evaluator.example/he/',
    'http://127.0.0.1:8420',
    'http://[::1]:1',
    'http://localhost:1',
  ])('may be %s', (url) => {
    expect(connect(url).url).toBe(url.replace(/\/$/, ''));
  });

  it.each([
    'http://evaluator.example',
    'http://127.evil.example',
    'http://10.0.0.1',
    'ftp://127.0.0.1',
    'https://user:secret@evaluator.example',
    'https://evaluator.example/?key=1',
    'file:///etc/passwd',
    'evaluator',
    '',
  ])('may not be "%s"', (url) => {
    expect(() => connect(url)).toThrowError(expect.objectContaining({ code: 'evaluator-url' }));
  });
});
