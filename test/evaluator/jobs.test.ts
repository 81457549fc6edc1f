import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mediaTypes, paths } from '../../contract/protocol.ts';
import { decodeFrame, frameDigest } from '../../he/wire/frame.ts';
import {
  ask,
  bundle,
  evaluatorsOfEachTest,
  expectServing,
  idOf,
  inputFrame,
  keyFrame,
  postJob,
  putKeys,
  resultOf,
  stateOf,
  submit,
  textOf,
  waitFor,
} from './fake-evaluator.ts';

const start = evaluatorsOfEachTest();

describe('a job', () => {
  it('is answered by a result frame for exactly its input', async () => {
    const { url } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const input = inputFrame(key.id, 'hello');
    const id = idOf(await postJob(url, input));
    const state = await waitFor(url, id, 'done');
    const bytes = await resultOf(url, id);
    expect(state).toMatchObject({ kind: 'done', resultBytes: bytes.length, cost: { rotations: 2 } });
    const expected = { kind: 'result', bundle, subject: frameDigest(input), maxPayloadBytes: 1000 } as const;
    const result = decodeFrame(bytes, expected);
    expect(Buffer.from(result.payload).toString()).toBe('keys|1|hello');
    expect([...result.nonce]).toEqual(new Array(16).fill(0));
  });

  it('has no result before it is done', async () => {
    const { url } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const id = await submit(url, key, 'endless');
    const answer = await ask('GET', url + paths.result(id));
    expect(answer).toMatchObject({ status: 409, code: 'job-not-ready' });
  });

  it('is cancelled while it runs, and the next one runs', async () => {
    const { url } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const id = await submit(url, key, 'endless');
    await waitFor(url, id, 'running');
    expect((await ask('DELETE', url + paths.job(id))).status).toBe(204);
    expect(await stateOf(url, id)).toEqual({ kind: 'cancelled' });
    expect(await ask('GET', url + paths.result(id))).toMatchObject({ status: 410, code: 'job-cancelled' });
    expect((await ask('DELETE', url + paths.job(id))).status).toBe(204);
    await expectServing(url);
  });

  it('does not cost the worker its life when it is cancelled before it was read', async () => {
    const events: string[] = [];
    const { url } = await start({
      onLog: (line) => events.push((JSON.parse(line) as { event: string }).event),
    });
    const key = keyFrame();
    await putKeys(url, key);
    // The first one only now starts the worker.
    await ask('DELETE', url + paths.job(await submit(url, key, 'cancelled')));
    const last = await submit(url, key, 'last');
    await waitFor(url, last, 'done');
    expect(textOf(await resultOf(url, last))).toBe('keys|1|last');
    expect(events).not.toContain('worker-lost');
  });

  it('may pass older ones of another client, whose keys are not loaded, three times', async () => {
    const started: string[] = [];
    const onLog = (line: string) => {
      const { jobId, state } = JSON.parse(line) as { jobId?: string; state?: string };
      if (state === 'running') started.push(jobId!);
    };
    const { url } = await start({ onLog });
    const [one, other] = [keyFrame('one'), keyFrame('other')];
    await putKeys(url, one);
    await putKeys(url, other);
    const loading = await submit(url, one, 'loads keys');
    await waitFor(url, loading, 'done');
    const blocking = await submit(url, one, 'endless');
    await waitFor(url, blocking, 'running');
    const first = await submit(url, other, 'first');
    const own: string[] = [];
    for (const text of ['a', 'b', 'c', 'd']) own.push(await submit(url, one, text));
    await ask('DELETE', url + paths.job(blocking));
    await waitFor(url, own[3]!, 'done');
    expect(started).toEqual([loading, blocking, own[0], own[1], own[2], first, own[3]]);
    expect(textOf(await resultOf(url, own[3]!))).toBe('one|3|d');
  });

  it('is cancelled while it waits and never runs', async () => {
    const { url } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const running = await submit(url, key, 'endless');
    const waiting = await submit(url, key, 'exit if it ever runs');
    expect(await stateOf(url, waiting)).toEqual({ kind: 'queued', ahead: 0 });
    await ask('DELETE', url + paths.job(waiting));
    await ask('DELETE', url + paths.job(running));
    await expectServing(url);
    expect(await stateOf(url, waiting)).toEqual({ kind: 'cancelled' });
  });

  it('tells how many wait ahead of it', async () => {
    const { url } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const ids = [];
    for (const text of ['endless', 'a', 'b', 'c']) ids.push(await submit(url, key, text));
    const states = await Promise.all(ids.slice(1).map((id) => stateOf(url, id)));
    expect(states.map((state) => state.ahead)).toEqual([0, 1, 2]);
  });

  it('is refused when the queue is full, with a time to come back', async () => {
    const { url } = await start({ jobs: { queued: 1 } });
    const key = keyFrame();
    await putKeys(url, key);
    const running = await submit(url, key, 'endless');
    const waiting = await submit(url, key, 'waits');
    const response = await fetch(url + paths.jobs, {
      method: 'POST',
      headers: { 'content-type': mediaTypes.ciphertext },
      body: inputFrame(key.id, 'too many') as Uint8Array<ArrayBuffer>,
    });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ code: 'queue-full' });
    await ask('DELETE', url + paths.job(running));
    await waitFor(url, waiting, 'done');
    await expectServing(url);
  });

  it.each([
    ['malformed', 'ciphertext-invalid'],
    ['exit', 'job-failed'],
    ['throw', 'job-failed'],
  ])('that meets "%s" in the worker fails with %s and the evaluator goes on', async (text, code) => {
    const lines: string[] = [];
    const { url } = await start({ onLog: (line) => lines.push(line) });
    const key = keyFrame();
    await putKeys(url, key);
    const id = await submit(url, key, text);
    const after = await submit(url, key, 'good');
    expect(await waitFor(url, id, 'failed')).toEqual({ kind: 'failed', code });
    expect(await ask('GET', url + paths.result(id))).toMatchObject({ status: 409, code: 'job-failed' });
    await waitFor(url, after, 'done');
    await expectServing(url);
    expect(lines.join('')).not.toContain('must not be seen');
  });

  it('is forgotten with its result and its frame when its time is over', async () => {
    const evaluator = await start({ jobs: { keepMs: 300 } });
    const { url } = evaluator;
    const key = keyFrame();
    await putKeys(url, key);
    const input = inputFrame(key.id);
    const id = idOf(await postJob(url, input));
    await waitFor(url, id, 'done');
    await sleep(500);
    expect(await ask('GET', url + paths.job(id))).toMatchObject({ status: 404, code: 'job-unknown' });
    expect(await ask('GET', url + paths.result(id))).toMatchObject({ code: 'job-unknown' });
    expect(await readdir(join(evaluator.folder, 'jobs'))).toEqual([]);
    expect((await postJob(url, input)).status).toBe(202);
  });
});

describe('a long poll', () => {
  it('returns when a queued job starts to run, and when a running one makes progress', async () => {
    const { url } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const first = await submit(url, key, 'endless');
    const second = await submit(url, key, 'endless too');
    const waiting = stateOf(url, second, 20_000);
    await sleep(50);
    await ask('DELETE', url + paths.job(first));
    expect(await waiting).toMatchObject({ kind: 'running' });
    const before = (await stateOf(url, second, 20_000)).fraction as number;
    const later = await stateOf(url, second, 20_000);
    expect(later.fraction).toBeGreaterThan(before);
    expect(later.layer).toBe('fake layer');
    await ask('DELETE', url + paths.job(second));
  });

  it('returns the unchanged state when its time is over, and at once for an ended job', async () => {
    const { url } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const running = await submit(url, key, 'endless');
    const waiting = await submit(url, key, 'waits');
    const askedAt = performance.now();
    expect(await stateOf(url, waiting, 200)).toEqual({ kind: 'queued', ahead: 0 });
    expect(performance.now() - askedAt).toBeGreaterThan(150);
    await ask('DELETE', url + paths.job(running));
    await waitFor(url, waiting, 'done');
    const endedAt = performance.now();
    await stateOf(url, waiting, 20_000);
    expect(performance.now() - endedAt).toBeLessThan(1000);
  });
});

describe('stored evaluation keys', () => {
  it('make room by age of use, but never while a job needs them', async () => {
    const { url } = await start({ keys: { keys: 2 } });
    const [busy, idle, fresh, more] = [keyFrame('a'), keyFrame('b'), keyFrame('c'), keyFrame('d')];
    await putKeys(url, busy);
    await putKeys(url, idle);
    const running = await submit(url, busy, 'endless');
    expect((await putKeys(url, fresh)).status).toBe(201);
    const known = await Promise.all(
      [busy, idle, fresh].map(async (key) => (await ask('HEAD', url + paths.key(key.id))).status),
    );
    expect(known).toEqual([200, 404, 200]);
    await submit(url, fresh, 'waits');
    expect(await putKeys(url, more)).toMatchObject({ status: 429, code: 'quota-exceeded' });
    await ask('DELETE', url + paths.job(running));
    expect((await putKeys(url, more)).status).toBe(201);
  });

  it('are bounded in bytes too', async () => {
    const { url } = await start({ keys: { bytes: 5000 } });
    expect((await putKeys(url, keyFrame('k'.repeat(3000)))).status).toBe(201);
    expect((await putKeys(url, keyFrame('l'.repeat(3000)))).status).toBe(201);
    expect(await putKeys(url, keyFrame('m'.repeat(6000)))).toMatchObject({ code: 'quota-exceeded' });
  });

  it('are put again with 200 and removed on request', async () => {
    const { url } = await start();
    const key = keyFrame();
    expect((await putKeys(url, key)).status).toBe(201);
    expect((await putKeys(url, key)).status).toBe(200);
    expect((await ask('DELETE', url + paths.key(key.id))).status).toBe(204);
    expect((await ask('HEAD', url + paths.key(key.id))).status).toBe(404);
  });

  it('stay loaded in a worker, which is preferred for their jobs', async () => {
    const { url } = await start({ workers: 2 });
    const [one, two] = [keyFrame('one'), keyFrame('two')];
    for (const key of [one, two]) await putKeys(url, key);
    const texts: string[] = [];
    for (const key of [one, two, one, two, one]) {
      const id = await submit(url, key, 'x');
      await waitFor(url, id, 'done');
      texts.push(textOf(await resultOf(url, id)));
    }
    expect(texts).toEqual(['one|1|x', 'two|1|x', 'one|1|x', 'two|1|x', 'one|1|x']);
  });

  it('changed on disk make the job that needs them unknown, and hurt nothing else', async () => {
    const evaluator = await start();
    const key = keyFrame('a key');
    const other = keyFrame('another client');
    const flipped = Buffer.from(key.bytes);
    flipped[flipped.length - 1]! ^= 1;
    const changes = [Buffer.from('rotten'), flipped, key.bytes.subarray(0, -1), other.bytes, Buffer.alloc(0)];
    for (const bytes of changes) {
      await putKeys(evaluator.url, key);
      await writeFile(join(evaluator.folder, 'keys', key.id), bytes);
      const id = await submit(evaluator.url, key, 'x');
      await expect
        .poll(async () => (await ask('GET', evaluator.url + paths.job(id))).code, { timeout: 5_000 })
        .toBe('job-unknown');
      // Its client is told that they are gone, and sends them again.
      expect((await ask('HEAD', evaluator.url + paths.key(key.id))).status).toBe(404);
    }
    await expectServing(evaluator.url);
  });

  it('changed on disk are whole again once they are put again', async () => {
    const evaluator = await start();
    const key = keyFrame('a key');
    await putKeys(evaluator.url, key);
    await writeFile(join(evaluator.folder, 'keys', key.id), 'rotten');
    expect((await putKeys(evaluator.url, key)).status).toBe(200);
    const id = await submit(evaluator.url, key, 'x');
    await waitFor(evaluator.url, id, 'done');
    expect(textOf(await resultOf(evaluator.url, id))).toBe('a key|1|x');
  });
});

describe('the log', () => {
  it('holds ids, codes, sizes and times and nothing else', async () => {
    const lines: string[] = [];
    const { url } = await start({ onLog: (line) => lines.push(line) });
    const key = keyFrame('key text');
    await putKeys(url, key);
    const id = await submit(url, key, 'input text');
    await waitFor(url, id, 'done');
    await ask('GET', `${url}/patients/JohnDoe?name=JohnDoe`);
    const all = lines.join('');
    expect(all).toContain(id);
    expect(all).not.toMatch(/text|JohnDoe|127\.0/);
    const names = new Set(lines.flatMap((line) => Object.keys(JSON.parse(line) as object)));
    const allowed = 'time event method route status code jobId keyId bundle state bytes ms count'.split(' ');
    expect([...names].filter((name) => !allowed.includes(name))).toEqual([]);
  });
});
