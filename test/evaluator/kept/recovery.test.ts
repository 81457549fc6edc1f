import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { paths } from '../../../contract/protocol.ts';
import { RecordFolder } from '../../../evaluator/store/record-folder.ts';
import {
  ask,
  evaluatorsOfEachTest,
  expectServing,
  type FakeEvaluator,
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
} from '../fake-evaluator.ts';

const start = evaluatorsOfEachTest();
type Line = { readonly event: string; readonly kind?: string; readonly jobId?: string };

/** An evaluator whose log can be looked at, with the keys of one client. */
async function startWithLog(options: Parameters<typeof start>[0] = {}) {
  const lines: Line[] = [];
  const evaluator = await start({ ...options, onLog: (line) => lines.push(JSON.parse(line) as Line) });
  const key = keyFrame('a key');
  await putKeys(evaluator.url, key);
  return { ...evaluator, key, lines, damaged: () => lines.filter(({ event }) => event === 'damaged') };
}
const flip = async (path: string): Promise<void> => {
  const bytes = await readFile(path);
  bytes[bytes.length - 2]! ^= 1;
  await writeFile(path, bytes);
};
const cut = (path: string): Promise<void> => truncate(path, 20);
const remove = (path: string): Promise<void> => rm(path);
const fileIn = async ({ folder }: FakeEvaluator, end: string): Promise<string> => {
  const name = (await readdir(join(folder, 'jobs'))).find((name) => name.endsWith(end));
  return join(folder, 'jobs', name!);
};
const damages = [
  ['flipped', flip],
  ['cut', cut],
  ['removed', remove],
] as const;

describe('a job of which something was damaged on the disk', () => {
  it.each(damages)('is made anew by the same frame when its result was %s', async (_, damage) => {
    const evaluator = await startWithLog();
    const { url, key, damaged } = evaluator;
    const input = inputFrame(key.id, 'x');
    const id = idOf(await postJob(url, input));
    await waitFor(url, id, 'done');
    await damage(await fileIn(evaluator, '.result'));
    expect(await ask('GET', url + paths.result(id))).toMatchObject({ status: 404, code: 'job-unknown' });
    expect(damaged()).toMatchObject([{ kind: 'result', jobId: id }]);
    expect(idOf(await postJob(url, input))).toBe(id);
    await waitFor(url, id, 'done');
    expect(textOf(await resultOf(url, id))).toBe('a key|1|x');
  });

  it.each(damages)('is made anew by the same frame when its record was %s', async (name, damage) => {
    const first = await startWithLog();
    const input = inputFrame(first.key.id, 'x');
    const id = idOf(await postJob(first.url, input));
    await waitFor(first.url, id, 'done');
    await first.stop();
    await damage(await fileIn(first, '.json'));
    const { url, damaged } = await startWithLog({ folder: first.folder });
    expect(damaged()).toMatchObject(name === 'removed' ? [] : [{ kind: 'record', jobId: id }]);
    expect(await ask('GET', url + paths.job(id))).toMatchObject({ code: 'job-unknown' });
    expect(idOf(await postJob(url, input))).toBe(id);
    await waitFor(url, id, 'done');
  });

  it.each(damages)('is made anew by the same frame when its waiting input was %s', async (_, damage) => {
    const evaluator = await startWithLog();
    const { url, key, damaged } = evaluator;
    const running = await submit(url, key, 'endless');
    await waitFor(url, running, 'running');
    const before = new Set(await readdir(join(evaluator.folder, 'jobs')));
    const input = inputFrame(key.id, 'x');
    const id = idOf(await postJob(url, input));
    const added = (await readdir(join(evaluator.folder, 'jobs'))).filter((name) => !before.has(name));
    await damage(join(evaluator.folder, 'jobs', added.find((name) => name.endsWith('.input'))!));
    await ask('DELETE', url + paths.job(running));
    await expect
      .poll(async () => (await ask('GET', url + paths.job(id))).code, { timeout: 5_000 })
      .toBe('job-unknown');
    expect(damaged()).toMatchObject([{ kind: 'input', jobId: id }]);
    expect(idOf(await postJob(url, input))).toBe(id);
    await waitFor(url, id, 'done');
  });

  it.each(damages)('is made anew, after its keys came again, when they were %s', async (_, damage) => {
    const evaluator = await startWithLog();
    const { url, key, folder, damaged } = evaluator;
    await damage(join(folder, 'keys', key.id));
    const input = inputFrame(key.id, 'x');
    const id = idOf(await postJob(url, input));
    await expect
      .poll(async () => (await ask('GET', url + paths.job(id))).code, { timeout: 5_000 })
      .toBe('job-unknown');
    expect(damaged().map(({ kind }) => kind)).toContain('evaluation keys');
    expect((await ask('HEAD', url + paths.key(key.id))).status).toBe(404);
    expect(await postJob(url, input)).toMatchObject({ code: 'evaluation-key-missing' });
    expect((await putKeys(url, key)).status).toBe(201);
    expect(idOf(await postJob(url, input))).toBe(id);
    await waitFor(url, id, 'done');
  });

  it('has no keys left after a restart when their file was cut meanwhile', async () => {
    const first = await startWithLog();
    await first.stop();
    await cut(join(first.folder, 'keys', first.key.id));
    const { url } = await start({ folder: first.folder });
    expect((await ask('HEAD', url + paths.key(first.key.id))).status).toBe(404);
    expect((await putKeys(url, first.key)).status).toBe(201);
  });
});

describe('a job that ends what computes on it', () => {
  const attemptsOf = async (evaluator: FakeEvaluator): Promise<unknown> => {
    const text = await readFile(await fileIn(evaluator, '.json'), 'utf8');
    return (JSON.parse(text.split('\n')[1] ?? '{}') as { attempts?: unknown }).attempts;
  };

  it('is begun three times, then failed, and its input kept apart', async () => {
    const evaluator = await startWithLog();
    const { url, key, lines, folder } = evaluator;
    const id = await submit(url, key, 'exit');
    expect(await waitFor(url, id, 'failed')).toEqual({ kind: 'failed', code: 'job-failed' });
    expect(lines.filter(({ event }) => event === 'worker-lost').length).toBe(3);
    expect((await readdir(join(folder, 'quarantine'))).length).toBe(1);
    await expectServing(url);
  });

  it('counts an attempt before it is made, and not one that was stopped in order', async () => {
    const evaluator = await startWithLog();
    await waitFor(evaluator.url, await submit(evaluator.url, evaluator.key, 'endless'), 'running');
    expect(await attemptsOf(evaluator)).toBe(1);
    await evaluator.stop();
    expect(await attemptsOf(evaluator)).toBe(0);
  });

  /** Writes the attempts that a killed process left behind into every record of a stopped evaluator. */
  const leave = async ({ folder }: FakeEvaluator, attempts: number): Promise<void> => {
    const records = new RecordFolder<{ id: string }>(
      join(folder, 'jobs'),
      (value) => value as { id: string },
    );
    for (const record of await records.list())
      await records.save(record.id, { ...record, attempts } as never);
  };

  it('is not begun a fourth time when the process died of it three times', async () => {
    const first = await startWithLog();
    const id = await submit(first.url, first.key, 'endless');
    await first.stop();
    await leave(first, 3);
    const { url, folder } = await start({ folder: first.folder });
    expect(await waitFor(url, id, 'failed')).toMatchObject({ code: 'job-failed' });
    expect((await readdir(join(folder, 'quarantine'))).length).toBe(1);
  });

  it('runs alone after the process died, so that others do not die with it', async () => {
    const first = await startWithLog({ workers: 2 });
    const ids = [
      await submit(first.url, first.key, 'endless'),
      await submit(first.url, first.key, 'endless too'),
    ];
    await first.stop();
    await leave(first, 1);
    const { url } = await start({ folder: first.folder, workers: 2 });
    await waitFor(url, ids[0]!, 'running');
    expect((await stateOf(url, ids[1]!, 300)).kind).toBe('queued');
    await ask('DELETE', url + paths.job(ids[0]!));
    await waitFor(url, ids[1]!, 'running');
  });
});
