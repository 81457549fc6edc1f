import { createServer, type IncomingMessage, request as passOn, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { paths } from '../../../contract/protocol.ts';
import { connect } from '../../../main/connector/connector.ts';
import { ask, evaluatorsOfEachTest, keyFrame } from '../fake-evaluator.ts';
import { openDroppingProxy, randomFrom } from './dropping-proxy.ts';

const start = evaluatorsOfEachTest();
const mebibyte = 1024 * 1024;
const keyBytes = 50 * mebibyte;
const startLarge = (folder?: string) =>
  start({ keyBytes, keys: { bytes: 1e9 }, ...(folder === undefined ? {} : { folder }) });
const retry = { attempts: 20, baseDelayMs: 1, maxDelayMs: 10 };
const large = () => keyFrame('k'.repeat(keyBytes));
const isStored = async (url: string, { id }: ReturnType<typeof keyFrame>) =>
  (await ask('HEAD', url + paths.key(id))).status === 200;

/** A door before an evaluator that answers by itself where `answers` says so; `seen` has every method and path. */
async function openDoor(
  target: string,
  answers: (incoming: IncomingMessage, answer: ServerResponse) => boolean,
) {
  const seen: string[] = [];
  const server = createServer((incoming, answer) => {
    seen.push(`${incoming.method} ${incoming.url?.endsWith('/upload') ? 'upload' : 'keys'}`);
    if (answers(incoming, answer)) return void incoming.resume();
    const { method, headers } = incoming;
    const behind = passOn(target + incoming.url, { method, headers }, (reply) => {
      answer.writeHead(reply.statusCode!, reply.headers);
      reply.pipe(answer);
    });
    behind.on('error', () => answer.destroy());
    incoming.pipe(behind);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

describe('an upload of 50 MB', () => {
  it.each([
    // A connection that is to be cut ends at its first byte, or within its first megabytes.
    ['half of all', (random: () => number) => random() < 0.5, 8],
    ['all', (random: () => number, first: Buffer) => first.includes('PATCH') || random() < 0.5, 16],
  ])(
    'through a proxy that cuts %s connections, finishes and sends at most 1.3 times its size',
    async (_, cut, most) => {
      const { url } = await startLarge();
      const random = randomFrom(7);
      const proxy = await openDroppingProxy(url, (first) => {
        if (!cut(random, first)) return Number.POSITIVE_INFINITY;
        return first.includes('PATCH') ? Math.floor(random() * most * mebibyte) : 0;
      });
      const connector = connect(proxy.url, { retry });
      const key = large();
      await connector.ensureKeys(key.bytes, key.id);
      expect(await isStored(url, key)).toBe(true);
      expect(proxy.dropped).toBeGreaterThanOrEqual(4);
      expect(proxy.received).toBeLessThanOrEqual(1.3 * key.bytes.length);
      expect(connector.bytes.evaluationKeys).toBeLessThanOrEqual(1.3 * key.bytes.length);
    },
  );

  it('goes on where it was when the evaluator is stopped and started again', async () => {
    const first = await startLarge();
    const key = large();
    const stopping = new AbortController();
    const stopAt = (fraction: number) => (fraction > 0.5 ? stopping.abort() : undefined);
    const upload = connect(first.url).ensureKeys(key.bytes, key.id, stopAt, stopping.signal);
    await expect(upload).rejects.toMatchObject({ code: 'cancelled' });
    await first.stop();
    const { url } = await startLarge(first.folder);
    const connector = connect(url, { retry });
    await connector.ensureKeys(key.bytes, key.id);
    expect(await isStored(url, key)).toBe(true);
    expect(connector.bytes.evaluationKeys).toBeLessThan(42 * mebibyte);
  });

  it('passes a proxy that lets bodies of 5 MB through, in smaller pieces', async () => {
    const { url } = await startLarge();
    const door = await openDoor(url, ({ headers }, answer) => {
      const isTooLarge = Number(headers['content-length'] ?? 0) > 5e6;
      if (isTooLarge) answer.writeHead(413, { 'content-type': 'text/html' }).end('too large');
      return isTooLarge;
    });
    const key = large();
    await connect(door.url, { retry }).ensureKeys(key.bytes, key.id);
    expect(await isStored(url, key)).toBe(true);
  });
});

describe('an upload to', () => {
  it.each([
    ['an evaluator that knows no pieces', 404, 'HEAD'],
    ['an evaluator behind a proxy that lets no PATCH through', 405, 'PATCH'],
  ])('%s is sent whole', async (_, status, method) => {
    const { url } = await start();
    const door = await openDoor(url, (incoming, answer) => {
      const isRefused = incoming.url!.endsWith('/upload') && incoming.method === method;
      if (isRefused) answer.writeHead(status).end();
      return isRefused;
    });
    const key = keyFrame();
    await connect(door.url, { retry }).ensureKeys(key.bytes, key.id);
    expect(door.seen.at(-1)).toBe('PUT keys');
    expect(await isStored(url, key)).toBe(true);
  });

  it.each([
    ['that it has more than there is', '999999'],
    ['words', 'many'],
  ])('something that says %s is broken off', async (_, offset) => {
    const { url } = await start();
    const door = await openDoor(url, (incoming, answer) => {
      const isAsked = incoming.url!.endsWith('/upload');
      if (isAsked) answer.writeHead(200, { 'upload-offset': offset }).end();
      return isAsked;
    });
    const key = keyFrame();
    const upload = connect(door.url, { retry }).ensureKeys(key.bytes, key.id);
    await expect(upload).rejects.toMatchObject({ code: 'evaluator-protocol' });
  });

  it('something that never has more than before is given up', async () => {
    const { url } = await start();
    const door = await openDoor(url, (incoming, answer) => {
      if (!incoming.url!.endsWith('/upload')) return false;
      if (incoming.method === 'PATCH') incoming.socket.destroy();
      else answer.writeHead(200, { 'upload-offset': '1' }).end();
      return true;
    });
    const key = keyFrame();
    const upload = connect(door.url, { retry }).ensureKeys(key.bytes, key.id);
    await expect(upload).rejects.toMatchObject({ code: 'evaluator-unreachable' });
    expect(door.seen.filter((request) => request === 'PATCH upload')).toHaveLength(retry.attempts);
  });
});
