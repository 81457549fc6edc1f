import { readdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mediaTypes, paths } from '../../../contract/protocol.ts';
import { parseTenant } from '../../../evaluator/tenants/tenant.ts';
import { keyIdOf, noSubject } from '../../../he/wire/frame.ts';
import { evaluatorsOfEachTest, frame, keyFrame, otherBundle } from '../fake-evaluator.ts';

const start = evaluatorsOfEachTest();
type Key = ReturnType<typeof keyFrame>;
const longKey = (text = 'k') => keyFrame(text.padEnd(2_000, '.'));

/** Uploads of one tenant, whose token is its name. */
function uploadsAt(url: string, name = 'one') {
  const authorization = `Bearer ${name}`;
  return {
    kept: async ({ id }: Key) => {
      const { headers } = await fetch(url + paths.upload(id), { method: 'HEAD', headers: { authorization } });
      return [Number(headers.get('upload-offset')), headers.get('upload-complete')];
    },
    send: async ({ id }: Key, bytes: Uint8Array, at: number) => {
      const response = await fetch(url + paths.upload(id), {
        method: 'PATCH',
        headers: { authorization, 'upload-offset': String(at), 'content-type': mediaTypes.keys },
        body: bytes as Uint8Array<ArrayBuffer>,
      });
      const text = await response.text();
      const { code, detail } = (text === '' ? {} : JSON.parse(text)) as { code?: string; detail?: object };
      return { status: response.status, code, detail };
    },
    /** Begins a piece and sends no more of it than this. */
    hold: async ({ id }: Key, bytes: Uint8Array, at: number) => {
      const headers = { authorization, 'upload-offset': at, 'content-type': mediaTypes.keys };
      const held = request(url + paths.upload(id), { method: 'PATCH', headers });
      held.on('error', () => {}).on('response', (answer) => answer.resume());
      held.setHeader('content-length', bytes.length + 100);
      onTestFinished(() => void held.destroy());
      held.write(bytes);
      await sleep(100);
      return held;
    },
  };
}

describe('an upload in pieces', () => {
  it('is stored by its last piece, and kept no longer', async () => {
    const { url, folder } = await start();
    const { kept, send } = uploadsAt(url);
    const key = longKey();
    expect(await kept(key)).toEqual([0, '?0']);
    expect(await send(key, key.bytes.subarray(0, 500), 0)).toMatchObject({ status: 204 });
    expect(await kept(key)).toEqual([500, '?0']);
    expect(await send(key, key.bytes.subarray(500, 1_000), 500)).toMatchObject({ status: 204 });
    expect(await send(key, key.bytes.subarray(1_000), 1_000)).toMatchObject({ status: 201 });
    expect((await kept(key))[1]).toBe('?1');
    expect(await readdir(join(folder, 'uploads'))).toEqual([]);
    expect(await send(key, key.bytes, 0)).toMatchObject({ status: 200 });
  });

  it('refuses a piece that does not begin where the last one ended, and tells where that was', async () => {
    const { kept, send } = uploadsAt((await start()).url);
    const key = longKey();
    await send(key, key.bytes.subarray(0, 500), 0);
    for (const at of [0, 499, 501])
      expect(await send(key, key.bytes.subarray(at), at)).toMatchObject({
        ...{ status: 400, code: 'request-invalid' },
        detail: { field: 'upload-offset', expected: 500 },
      });
    expect(await kept(key)).toEqual([500, '?0']);
  });

  it('is nothing to another tenant', async () => {
    const { url } = await start({ access: ({ authorization = '' }) => parseTenant(authorization.slice(7)) });
    const [one, other] = [uploadsAt(url, 'one'), uploadsAt(url, 'other')];
    const key = longKey();
    await one.send(key, key.bytes.subarray(0, 500), 0);
    expect(await other.kept(key)).toEqual([0, '?0']);
    expect(await other.send(key, key.bytes.subarray(500), 500)).toMatchObject({ status: 400 });
    expect(await one.send(key, key.bytes.subarray(500), 500)).toMatchObject({ status: 201 });
    expect(await other.kept(key)).toEqual([0, '?0']);
  });

  it.each([
    [
      'of an unknown model',
      frame('evaluationKeys', noSubject, 'x'.repeat(500), otherBundle),
      'bundle-unknown',
    ],
    ['of a frame that holds no keys', frame('input', keyFrame().id, 'x'.repeat(500)), 'frame-malformed'],
    ['that is too large', frame('evaluationKeys', noSubject, 'x'.repeat(3_000)), 'frame-too-large'],
    ['that is longer than its frame', Buffer.concat([longKey().bytes, Buffer.from('x')]), 'frame-malformed'],
  ])('%s is refused and leaves nothing', async (_, bytes, code) => {
    const { url, folder } = await start({ keyBytes: 2_500 });
    const key = { bytes, id: keyIdOf(bytes) };
    expect(await uploadsAt(url).send(key, bytes.subarray(0, 2_400), 0)).toMatchObject({ code });
    expect(await readdir(join(folder, 'uploads'))).toEqual([]);
  });

  it.each([
    ['whose bytes are others than its name says', longKey().id, 'k', 'frame-digest'],
    ['of keys that are none', null, 'broken', 'evaluation-key-invalid'],
  ])('%s is refused when it is whole, and begins anew', async (_, name, text, code) => {
    const { kept, send } = uploadsAt((await start()).url);
    const { bytes, id } = longKey(text);
    const key = { bytes, id: name ?? id };
    await send(key, bytes.subarray(0, 500), 0);
    expect(await send(key, bytes.subarray(500), 500)).toMatchObject({ code });
    expect(await kept(key)).toEqual([0, '?0']);
    if (code === 'evaluation-key-invalid') expect(await send(key, bytes, 0)).toMatchObject({ code });
  });

  it('that holds not even a header is not kept, nor what else a restart finds', async () => {
    const first = await start();
    const key = longKey();
    expect(await uploadsAt(first.url).send(key, key.bytes.subarray(0, 127), 0)).toMatchObject({
      status: 204,
    });
    expect(await uploadsAt(first.url).kept(key)).toEqual([0, '?0']);
    await uploadsAt(first.url).send(key, key.bytes.subarray(0, 128), 0);
    await first.stop();
    await writeFile(join(first.folder, 'uploads', 'stray'), 'x');
    await writeFile(join(first.folder, 'uploads', `${'a'.repeat(32)}-${'b'.repeat(64)}`), 'short');
    const { url, folder } = await start({ folder: first.folder });
    expect(await readdir(join(folder, 'uploads'))).toHaveLength(1);
    expect(await uploadsAt(url).kept(key)).toEqual([128, '?0']);
  });
});

describe('an upload that stands still', () => {
  it('gives way to whoever asks for it, who is told all that came', async () => {
    const { kept, send, hold } = uploadsAt((await start()).url);
    const key = longKey();
    await hold(key, key.bytes.subarray(0, 700), 0);
    expect(await kept(key)).toEqual([700, '?0']);
    expect(await send(key, key.bytes.subarray(700), 700)).toMatchObject({ status: 201 });
  });

  it('is cut off after its time, and what came is kept', async () => {
    const { url } = await start({ bodies: { stallMs: 150 } });
    const { kept, hold } = uploadsAt(url);
    const key = longKey();
    const held = await hold(key, key.bytes.subarray(0, 700), 0);
    await new Promise((resolve) => held.once('response', resolve));
    expect(await kept(key)).toEqual([700, '?0']);
  });

  it('makes room, the one that stood still longest first, and its tenant before others', async () => {
    const { url } = await start({
      access: ({ authorization = '' }) => parseTenant(authorization.slice(7)),
      uploads: { total: 4, perTenant: 3, keepMs: 60_000 },
    });
    const [one, other] = [uploadsAt(url, 'one'), uploadsAt(url, 'other')];
    const begin = async (who: typeof one) => {
      const key = longKey();
      expect(await who.send(key, key.bytes.subarray(0, 500), 0)).toMatchObject({ status: 204 });
      return key;
    };
    const mine = await begin(one);
    const theirs: Key[] = [];
    for (let count = 0; count < 5; count += 1) theirs.push(await begin(other));
    const offsets = async (who: typeof one, keys: Key[]) =>
      await Promise.all(keys.map(async (key) => (await who.kept(key))[0]));
    expect(await offsets(other, theirs)).toEqual([0, 0, 500, 500, 500]);
    const second = await begin(one);
    expect(await offsets(one, [mine, second])).toEqual([500, 500]);
    expect(await offsets(other, theirs)).toEqual([0, 0, 0, 500, 500]);
  });

  it('is removed after its time', async () => {
    const { url, folder } = await start({ uploads: { total: 4, perTenant: 4, keepMs: 200 } });
    const key = longKey();
    await uploadsAt(url).send(key, key.bytes.subarray(0, 500), 0);
    await expect.poll(() => readdir(join(folder, 'uploads')), { timeout: 5_000 }).toEqual([]);
  });
});
