import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { paths } from '../../contract/protocol.ts';
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

describe('an evaluator that was made ready', () => {
  /** How many bundles the worker has made ready without a job of theirs, as the fake worker tells. */
  const readyBundles = async (url: string): Promise<string> => {
    const key = keyFrame();
    await putKeys(url, key);
    const id = await submit(url, key, 'prepared?');
    await waitFor(url, id, 'done');
    return textOf(await resultOf(url, id));
  };

  it('has its bundle ready for the first job', async () => {
    const { url } = await start({ prepared: [bundle, bundle] });
    expect(await readyBundles(url)).toBe('1');
  });

  it('has the keys loaded that were used last before a restart, and no others', async () => {
    const { url, folder, stop } = await start();
    const [often, seldom] = [keyFrame('often'), keyFrame('seldom')];
    await putKeys(url, often);
    await putKeys(url, seldom);
    await waitFor(url, await submit(url, often, 'last'), 'done');
    await stop();
    /** The answer of a fresh start tells which keys it used and how many the worker has loaded. */
    const afterRestart = async (key: typeof often): Promise<string> => {
      const again = await start({ folder, prepared: [bundle] });
      const id = await submit(again.url, key, 'first');
      await waitFor(again.url, id, 'done');
      const text = textOf(await resultOf(again.url, id));
      await again.stop();
      return text;
    };
    expect(await afterRestart(often)).toBe('often|1|first');
    // Those of the other client were loaded before, and made way.
    expect(await afterRestart(seldom)).toBe('seldom|2|first');
  });

  it('is not stopped by stored keys that cannot be loaded', async () => {
    const { url, folder, stop } = await start();
    const broken = keyFrame('unloadable keys');
    await putKeys(url, broken);
    await stop();
    const again = await start({ folder, prepared: [bundle] });
    await expectServing(again.url);
    await waitFor(again.url, await submit(again.url, broken, 'first'), 'failed');
  });

  it('begins with a job: asking for a bundle and uploading keys start none', async () => {
    const { url } = await start();
    for (let times = 0; times < 3; times += 1) await ask('GET', url + paths.bundle(bundle));
    expect(await readyBundles(url)).toBe('0');
  });

  it('has its bundle ready again after a job killed the worker', async () => {
    const { url } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    await waitFor(url, await submit(url, key, 'exit'), 'failed');
    expect(await readyBundles(url)).toBe('1');
  });
});

describe('an evaluator that starts again on its folder', () => {
  it('still has keys, results and the memory of accepted frames, and goes on with unfinished jobs', async () => {
    const first = await start();
    const key = keyFrame();
    await putKeys(first.url, key);
    const input = inputFrame(key.id, 'hello');
    const done = idOf(await postJob(first.url, input));
    await waitFor(first.url, done, 'done');
    const result = await resultOf(first.url, done);
    const cancelled = await submit(first.url, key, 'endless');
    await ask('DELETE', first.url + paths.job(cancelled));
    const running = await submit(first.url, key, 'endless');
    const queued = await submit(first.url, key, 'queued');
    await waitFor(first.url, running, 'running');
    await first.stop();
    await writeFile(join(first.folder, 'jobs', '.unfinished-x'), 'left over');
    await writeFile(join(first.folder, 'keys', '.unfinished-x'), 'left over');

    const { url, folder } = await start({ folder: first.folder });
    expect((await ask('HEAD', url + paths.key(key.id))).status).toBe(200);
    expect(Buffer.compare(await resultOf(url, done), result)).toBe(0);
    expect(await postJob(url, input)).toMatchObject({ code: 'frame-replayed', body: { jobId: done } });
    expect(await stateOf(url, cancelled)).toEqual({ kind: 'cancelled' });
    await waitFor(url, running, 'running');
    expect(await stateOf(url, queued)).toEqual({ kind: 'queued', ahead: 0 });
    await ask('DELETE', url + paths.job(running));
    await waitFor(url, queued, 'done');
    const names = [...(await readdir(join(folder, 'jobs'))), ...(await readdir(join(folder, 'keys')))];
    expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is not stopped by files that it cannot read', async () => {
    const first = await start();
    await first.stop();
    await writeFile(join(first.folder, 'jobs', `${'a'.repeat(32)}.json`), '{"format":');
    await writeFile(join(first.folder, 'jobs', `${'b'.repeat(32)}.result`), 'orphan');
    const { url, folder } = await start({ folder: first.folder });
    expect(await readdir(join(folder, 'jobs'))).toEqual([]);
    await expectServing(url);
  });
});
