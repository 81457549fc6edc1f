import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mediaTypes, paths } from '../../../contract/protocol.ts';
import { type Access, accessFrom } from '../../../evaluator/http/access.ts';
import { parseTenant } from '../../../evaluator/tenants/tenant.ts';
import { evaluatorsOfEachTest, inputFrame, keyFrame } from '../fake-evaluator.ts';
import { newFolder } from '../store/new-folder.ts';

const start = evaluatorsOfEachTest();
type Key = ReturnType<typeof keyFrame>;

/** The token is the tenant's name. */
const byName: Access = ({ authorization = '' }) => parseTenant(authorization.replace('Bearer ', ''));

/** What one tenant sees of an evaluator. */
function tenantAt(url: string, name: string) {
  const request = async (method: string, path: string, body?: Uint8Array, type = '') => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${name}`, ...(type === '' ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') === true && text !== '';
    const { code, id, state } = (json ? JSON.parse(text) : {}) as {
      code?: string;
      id?: string;
      state?: { kind: string };
    };
    return { status: response.status, code, id, kind: state?.kind, text };
  };
  return {
    request,
    put: (key: Key) => request('PUT', paths.key(key.id), key.bytes, mediaTypes.keys),
    has: async (key: Key) => (await request('HEAD', paths.key(key.id))).status === 200,
    post: (frame: Uint8Array) => request('POST', paths.jobs, frame, mediaTypes.ciphertext),
    kindOf: async (id: string) => (await request('GET', paths.job(id))).kind,
  };
}

async function startWithTwo(options: Parameters<typeof start>[0] = {}) {
  const evaluator = await start({ access: byName, ...options });
  return { ...evaluator, one: tenantAt(evaluator.url, 'one'), other: tenantAt(evaluator.url, 'other') };
}

describe('the keys of a tenant', () => {
  it('are not there for another one, who can neither use nor remove them, also after a restart', async () => {
    const first = await startWithTwo();
    const key = keyFrame();
    expect((await first.one.put(key)).status).toBe(201);
    await first.stop();
    const { one, other } = await startWithTwo({ folder: first.folder });
    expect(await other.has(key)).toBe(false);
    expect(await other.post(inputFrame(key.id))).toMatchObject({ code: 'evaluation-key-missing' });
    expect((await other.request('DELETE', paths.key(key.id))).status).toBe(204);
    expect(await one.has(key)).toBe(true);
  });

  it('stay for one of two who have sent the same, when the other removes them', async () => {
    const { one, other } = await startWithTwo();
    const key = keyFrame();
    for (const tenant of [one, other]) expect((await tenant.put(key)).status).toBe(201);
    await one.request('DELETE', paths.key(key.id));
    expect([await one.has(key), await other.has(key)]).toEqual([false, true]);
    await other.request('DELETE', paths.key(key.id));
    expect(await other.has(key)).toBe(false);
  });

  it('are not pushed out by another one who sends many: that one makes room', async () => {
    const { one, other } = await startWithTwo({ keys: { keys: 4 } });
    const mine = [keyFrame('a'), keyFrame('b')];
    for (const key of mine) await one.put(key);
    for (let count = 0; count < 6; count += 1) expect((await other.put(keyFrame('many'))).status).toBe(201);
    expect(await Promise.all(mine.map((key) => one.has(key)))).toEqual([true, true]);
  });
});

describe('the jobs of a tenant', () => {
  it('are unknown to another one, who can neither see, fetch nor cancel them', async () => {
    const { one, other } = await startWithTwo();
    const key = keyFrame();
    await one.put(key);
    const { id } = await one.post(inputFrame(key.id, 'endless'));
    await expect.poll(() => one.kindOf(id!)).toBe('running');
    for (const [method, path] of [
      ['GET', paths.job(id!)],
      ['GET', paths.result(id!)],
      ['DELETE', paths.job(id!)],
    ] as const)
      expect(await other.request(method, path)).toMatchObject({ status: 404, code: 'job-unknown' });
    await sleep(100);
    expect(await one.kindOf(id!)).toBe('running');
    expect((await one.request('DELETE', paths.job(id!))).status).toBe(204);
  });

  it('are others than those that the same frame makes for another one', async () => {
    const { one, other } = await startWithTwo();
    const key = keyFrame();
    for (const tenant of [one, other]) await tenant.put(key);
    const frame = inputFrame(key.id, 'x');
    const ids = [(await one.post(frame)).id, (await other.post(frame)).id];
    expect(new Set(ids).size).toBe(2);
    for (const [tenant, id] of [
      [one, ids[0]],
      [other, ids[1]],
    ] as const) {
      await expect.poll(() => tenant.kindOf(id!), { timeout: 5_000 }).toBe('done');
      expect((await tenant.request('GET', paths.result(id!))).text).toContain('keys|1|x');
    }
  });

  it('are accepted within its share of a queue that another one has filled', async () => {
    const { one, other } = await startWithTwo({ jobs: { queued: 4 } });
    const [mine, theirs] = [keyFrame('mine'), keyFrame('theirs')];
    await one.put(mine);
    await other.put(theirs);
    const posted = async (tenant: typeof one, key: Key) =>
      (await tenant.post(inputFrame(key.id, 'endless'))).status;
    // One runs, four wait, and then there is no more room.
    for (let count = 0; count < 5; count += 1) expect(await posted(other, theirs)).toBe(202);
    expect(await posted(other, theirs)).toBe(503);
    expect([await posted(one, mine), await posted(one, mine)]).toEqual([202, 202]);
    expect(await posted(one, mine)).toBe(503);
  });
});

describe('the file of access tokens', () => {
  const digest = (token: string) => createHash('sha256').update(token).digest('hex');

  it('names the tenant of each token, who may have several', async () => {
    const path = join(await newFolder(), 'access');
    const lines = [
      `${digest('a')} radiology first token`,
      `${digest('b')} radiology`,
      `${digest('c')} surgery`,
      digest('d'),
      `${digest('e')} ../etc`,
    ];
    await writeFile(path, `# tokens\n${lines.join('\n')}\n`);
    const access = accessFrom(path);
    const tenants = ['a', 'b', 'c', 'd', 'e', 'f'].map((token) =>
      access({ authorization: `Bearer ${token}` }),
    );
    expect(tenants).toEqual([
      ...['radiology', 'radiology', 'surgery'],
      ...[`token-${digest('d').slice(0, 12)}`, `token-${digest('e').slice(0, 12)}`, null],
    ]);
  });
});
