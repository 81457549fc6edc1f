import { readdir, writeFile } from 'node:fs/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mediaTypes, paths } from '../../../contract/protocol.ts';
import {
  ask,
  evaluatorsOfEachTest,
  expectServing,
  inputFrame,
  keyFrame,
  postJob,
  putKeys,
  resultOf,
  submit,
  textOf,
  waitFor,
} from '../fake-evaluator.ts';

const start = evaluatorsOfEachTest();
const statusOf = async (url: string, key: ReturnType<typeof keyFrame>): Promise<number> =>
  (await ask('HEAD', url + paths.key(key.id))).status;

/** Opens a connection and writes to it; it is closed when the test has finished. */
function hold(url: string, text: string, localAddress = '127.0.0.1'): Socket {
  const socket = connectSocket({ port: Number(new URL(url).port), host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  socket.write(text);
  onTestFinished(() => void socket.destroy());
  return socket;
}
const head = (method: string, path: string, type: string, bytes: number): string =>
  [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    `content-type: ${type}`,
    `content-length: ${bytes}`,
    '',
    '',
  ].join('\r\n');
const isClosed = (socket: Socket): Promise<boolean> => {
  // One whose data nobody reads does not tell its end.
  socket.resume();
  return Promise.race([
    new Promise<boolean>((resolve) => socket.once('close', () => resolve(true))),
    sleep(4_000).then(() => socket.destroyed),
  ]);
};

describe('evaluation keys that cost their sender nothing', () => {
  it('are refused at their header, and push no others out', async () => {
    const floors = { evaluationKeys: 1_000, input: 1 };
    const { url } = await start({ keys: { keys: 4 }, floors });
    const real = keyFrame('k'.repeat(1_000));
    expect((await putKeys(url, real)).status).toBe(201);
    for (let count = 0; count < 16; count += 1)
      expect(await putKeys(url, keyFrame(''))).toMatchObject({ status: 400, code: 'frame-malformed' });
    expect(await statusOf(url, real)).toBe(200);
  });

  it('and are none push no others out, and leave nothing behind', async () => {
    const { url, folder } = await start({ keys: { keys: 2 } });
    const real = [keyFrame('one'), keyFrame('two')];
    for (const key of real) await putKeys(url, key);
    for (let count = 0; count < 4; count += 1)
      expect(await putKeys(url, keyFrame(`broken ${count}`))).toMatchObject({
        status: 422,
        code: 'evaluation-key-invalid',
      });
    expect(await Promise.all(real.map((key) => statusOf(url, key)))).toEqual([200, 200]);
    const names = (await readdir(join(folder, 'keys'))).map((name) => name.replace('.json', ''));
    expect(new Set(names)).toEqual(new Set(real.map(({ id }) => id)));
  });

  it('are remembered as bad: they are refused again without a byte of them', async () => {
    const { url } = await start();
    const bad = keyFrame('broken');
    await putKeys(url, bad);
    const socket = hold(url, head('PUT', paths.key(bad.id), mediaTypes.keys, bad.bytes.length));
    const [answer] = await Promise.race([
      new Promise<[string]>((resolve) => socket.once('data', (data) => resolve([String(data)]))),
      sleep(2_000).then(() => ['nothing'] as [string]),
    ]);
    expect(answer).toContain('HTTP/1.1 422');
    expect(await postJob(url, inputFrame(bad.id))).toMatchObject({ code: 'evaluation-key-invalid' });
  });

  it('of which the thread dies that looks at them are bad too', async () => {
    const { url } = await start();
    expect(await putKeys(url, keyFrame('deadly'))).toMatchObject({ code: 'evaluation-key-invalid' });
    await expectServing(url);
  });

  it('that only the computing worker finds bad fail one job and are gone', async () => {
    const { url } = await start();
    const bad = keyFrame('unloadable keys');
    await putKeys(url, bad);
    const id = await submit(url, bad, 'x');
    expect(await waitFor(url, id, 'failed')).toMatchObject({ code: 'evaluation-key-invalid' });
    expect(await statusOf(url, bad)).toBe(404);
    expect(await putKeys(url, bad)).toMatchObject({ code: 'evaluation-key-invalid' });
  });

  it('and were not verified before a crash count after the restart only when they are good', async () => {
    const first = await start();
    const [good, bad] = [keyFrame('good'), keyFrame('broken')];
    await first.stop();
    for (const key of [good, bad]) {
      await writeFile(join(first.folder, 'keys', key.id), key.bytes);
    }
    const { url, folder } = await start({ folder: first.folder });
    await expect.poll(() => statusOf(url, good), { timeout: 5_000 }).toBe(200);
    expect(await statusOf(url, bad)).toBe(404);
    await expect.poll(() => readdir(join(folder, 'keys'))).not.toContain(bad.id);
  });
});

describe('inputs that cost their sender nothing', () => {
  it('are refused when they are smaller than any input can be', async () => {
    const { url } = await start({ floors: { evaluationKeys: 1, input: 100 } });
    const key = keyFrame();
    await putKeys(url, key);
    expect(await postJob(url, inputFrame(key.id, ''))).toMatchObject({ code: 'frame-malformed' });
    expect((await postJob(url, inputFrame(key.id, 'x'.repeat(100)))).status).toBe(202);
  });

  it('and are none have no keys loaded for them', async () => {
    const { url } = await start();
    const [one, other] = [keyFrame('one'), keyFrame('other')];
    for (const key of [one, other]) await putKeys(url, key);
    for (const key of [one, other, one, other])
      await waitFor(url, await submit(url, key, 'malformed'), 'failed');
    const id = await submit(url, one, 'x');
    await waitFor(url, id, 'done');
    // The worker tells how often it has loaded keys: once, for the good one.
    expect(textOf(await resultOf(url, id))).toBe('one|1|x');
  });
});

describe('a sender who holds connections or bodies', () => {
  it('without asking for anything shuts nobody out, not even from the same address', async () => {
    const { url } = await start({ connections: { total: 40, perAddress: 20 } });
    const idle = Array.from({ length: 100 }, () => hold(url, 'GET /v1/ser'));
    await sleep(300);
    expect((await ask('GET', url + paths.service)).status).toBe(200);
    expect(idle.filter((socket) => !socket.destroyed).length).toBeLessThanOrEqual(40);
    await expectServing(url);
  });

  it('and asks for something keeps its connection while others are idle', async () => {
    const { url } = await start({ connections: { total: 40, perAddress: 4 } });
    const key = keyFrame();
    await putKeys(url, key);
    const id = await submit(url, key, 'endless');
    await waitFor(url, id, 'running');
    const polling = hold(url, `GET ${paths.job(id)}?waitMs=20000 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
    await sleep(50);
    for (let count = 0; count < 20; count += 1) hold(url, '');
    await sleep(200);
    expect(polling.destroyed).toBe(false);
  });

  it.each([
    ['job bodies', 'POST', paths.jobs, mediaTypes.ciphertext],
    ['key uploads', 'PUT', paths.key('ab'.repeat(32)), mediaTypes.keys],
  ])('of %s that stand still gives way to those who send', async (_, method, path, type) => {
    const { url } = await start({ bodies: { total: 8, perSender: 4, graceMs: 100 } });
    for (let count = 0; count < 4; count += 1) hold(url, head(method, path, type, 1_000));
    await sleep(300);
    await expectServing(url);
    for (let count = 0; count < 4; count += 1) hold(url, head(method, path, type, 1_000), '127.0.0.2');
    await sleep(300);
    await expectServing(url);
  });

  it('of bodies that came fast and then stand still gives way too', async () => {
    const { url } = await start({ bodies: { total: 8, perSender: 4, graceMs: 200, leastRate: 1 } });
    for (let count = 0; count < 4; count += 1)
      hold(url, head('POST', paths.jobs, mediaTypes.ciphertext, 60_000)).write(Buffer.alloc(50_000));
    await sleep(500);
    await expectServing(url);
  });

  it('is told to come back while all others send fast enough', async () => {
    const { url } = await start({ bodies: { perSender: 1, graceMs: 60_000 } });
    hold(url, head('POST', paths.jobs, mediaTypes.ciphertext, 1_000));
    await sleep(100);
    expect(await postJob(url, inputFrame(keyFrame().id))).toMatchObject({
      status: 429,
      code: 'quota-exceeded',
    });
  });

  it('of which nothing comes any more is cut off', async () => {
    const { url } = await start({ bodies: { stallMs: 200 } });
    const socket = hold(url, head('POST', paths.jobs, mediaTypes.ciphertext, 1_000));
    expect(await isClosed(socket)).toBe(true);
  });
});
