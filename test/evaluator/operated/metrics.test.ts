import { describe, expect, it } from 'vitest';
import { paths } from '../../../contract/protocol.ts';
import { evaluatorsOfEachTest, keyFrame, putKeys, submit, waitFor } from '../fake-evaluator.ts';

const start = evaluatorsOfEachTest();
const metricsOf = async (url: string): Promise<string> => (await fetch(url + paths.metrics)).text();
/** The value of the one sample that begins like this. */
const value = (text: string, sample: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`cipherfilm_evaluator_${sample}`))
      ?.split(' ')
      .at(-1),
  );

describe('the metrics of an evaluator', () => {
  it('count jobs, keys, requests and losses, and measure the queue', async () => {
    const { url } = await start({ metrics: true, keys: { keys: 1 } });
    const [first, key] = [keyFrame('first'), keyFrame('second')];
    for (const each of [first, key]) await putKeys(url, each);
    await waitFor(url, await submit(url, key, 'x'), 'done');
    await waitFor(url, await submit(url, key, 'malformed'), 'failed');
    await waitFor(url, await submit(url, key, 'endless'), 'running');
    await submit(url, key, 'waits');
    const text = await metricsOf(url);
    expect(value(text, 'jobs_total{state="done",code=""}')).toBe(1);
    expect(value(text, 'jobs_total{state="failed",code="ciphertext-invalid"}')).toBe(1);
    expect(value(text, 'evaluate_seconds_count')).toBe(1);
    expect(value(text, 'jobs_running')).toBe(1);
    expect(value(text, 'jobs_queued')).toBe(1);
    expect(value(text, 'jobs_oldest_seconds')).toBeGreaterThanOrEqual(0);
    expect(value(text, 'keys_stored')).toBe(1);
    expect(value(text, 'keys_bytes')).toBe(key.bytes.length);
    expect(value(text, 'keys_evicted_total')).toBe(1);
    expect(value(text, 'keys_loaded_total')).toBe(1);
    expect(value(text, 'request_seconds_count{method="PUT",route="/v1/keys/:id",status="201"}')).toBe(2);
    expect(value(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
  });

  it('name no client, key, job or address', async () => {
    const { url } = await start({ metrics: true });
    const key = keyFrame();
    await putKeys(url, key);
    const id = await submit(url, key, 'x');
    await waitFor(url, id, 'done');
    await fetch(`${url}/patients/JohnDoe`);
    const text = await metricsOf(url);
    for (const secret of [id, key.id, 'JohnDoe', '127.0.0.1']) expect(text).not.toContain(secret);
  });

  it('are not served unless asked for, and to nobody without a token', async () => {
    const silent = await start();
    expect((await fetch(silent.url + paths.metrics)).status).toBe(404);
    const closed = await start({ metrics: true, access: () => null });
    expect((await fetch(closed.url + paths.metrics)).status).toBe(401);
  });
});
