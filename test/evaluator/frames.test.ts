import { connect as connectSocket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseKeyId } from '../../contract/ids/key-id.ts';
import { mediaTypes, paths, serviceSchema } from '../../contract/protocol.ts';
import { encodeFrame, frameHeaderBytes, keyIdOf, noSubject } from '../../he/wire/frame.ts';
import {
  ask,
  bundle,
  expectServing,
  type FakeEvaluator,
  frame,
  idOf,
  inputFrame,
  keyFrame,
  otherBundle,
  payloadBytes,
  postJob,
  putKeys,
  secondBundle,
  startFakeEvaluator,
  waitFor,
} from './fake-evaluator.ts';

let evaluator: FakeEvaluator;
const key = keyFrame();
const changed = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at]! ^= 1;
  return copy;
};
/** Sends bytes in chunks without announcing how many. */
const streamed = (total: number, first: Uint8Array = new Uint8Array(0)): ReadableStream<Uint8Array> => {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent === 0 && first.length > 0) controller.enqueue(first);
      else controller.enqueue(new Uint8Array(16_384));
      sent += 16_384;
      if (sent >= total) controller.close();
    },
  });
};
const bigFrame = (kind: 'input' | 'evaluationKeys', bytes: number): Uint8Array =>
  encodeFrame({
    kind,
    bundle,
    subject: kind === 'input' ? key.id : noSubject,
    nonce: new Uint8Array(16),
    payload: new Uint8Array(bytes),
  });

/** Writes bytes to a bare socket and returns what comes back until the end. */
function bare(url: string, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connectSocket(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
  let seen = '';
  socket.setTimeout(3000, () => socket.destroy());
  socket.on('data', (chunk) => {
    seen += chunk.toString('latin1');
    if (seen.includes('\r\n\r\n{') && seen.endsWith('}')) socket.destroy();
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(seen));
  return promise;
}

beforeAll(async () => {
  evaluator = await startFakeEvaluator({ keys: { keys: 100 }, jobs: { queued: 100 } });
  expect((await putKeys(evaluator.url, key)).status).toBe(201);
});
afterAll(() => evaluator.destroy());

describe('an evaluator given a bad input frame', () => {
  afterEach(() => expectServing(evaluator.url));

  it('refuses a frame cut in its header', async () => {
    const answer = await postJob(evaluator.url, inputFrame(key.id).subarray(0, 100));
    expect(answer).toMatchObject({ status: 400, code: 'frame-truncated' });
  });

  it('refuses a frame cut in its payload', async () => {
    const answer = await postJob(evaluator.url, inputFrame(key.id).subarray(0, -1));
    expect(answer).toMatchObject({ status: 400, code: 'frame-truncated' });
  });

  it('refuses an empty body', async () => {
    expect(await postJob(evaluator.url, new Uint8Array(0))).toMatchObject({ code: 'frame-truncated' });
    expect(await ask('POST', evaluator.url + paths.jobs)).toMatchObject({ code: 'frame-truncated' });
  });

  it('refuses bytes after the payload', async () => {
    const longer = Buffer.concat([inputFrame(key.id), new Uint8Array(1)]);
    expect(await postJob(evaluator.url, longer)).toMatchObject({ status: 400, code: 'frame-malformed' });
  });

  it('refuses an announced length over the limit without reading the body', async () => {
    const head = [
      `POST ${paths.jobs} HTTP/1.1`,
      'host: x',
      `content-type: ${mediaTypes.ciphertext}`,
      'content-length: 999999999999',
    ];
    const seen = await bare(evaluator.url, `${head.join('\r\n')}\r\n\r\n`);
    expect(seen).toContain('HTTP/1.1 413');
    expect(seen).toContain('"code":"frame-too-large"');
  });

  it('refuses a stream that turns out longer than the limit', async () => {
    const answer = await postJob(evaluator.url, streamed(payloadBytes.input * 20));
    expect(answer).toMatchObject({ status: 413, code: 'frame-too-large' });
  });

  it('refuses a payload larger than the bundle allows', async () => {
    const answer = await postJob(evaluator.url, bigFrame('input', payloadBytes.input + 1));
    expect(answer).toMatchObject({ status: 413, code: 'frame-too-large' });
  });

  it('refuses a frame made for a bundle that it does not serve', async () => {
    const answer = await postJob(evaluator.url, frame('input', key.id, 'x', otherBundle));
    expect(answer).toMatchObject({ status: 410, code: 'bundle-unknown' });
  });

  it('refuses a frame made for keys that it does not have', async () => {
    const answer = await postJob(evaluator.url, inputFrame(keyFrame('elsewhere').id));
    expect(answer).toMatchObject({ status: 409, code: 'evaluation-key-missing' });
  });

  it('refuses a frame whose keys were made for another bundle', async () => {
    const answer = await postJob(evaluator.url, frame('input', key.id, 'x', secondBundle));
    expect(answer).toMatchObject({ status: 422, code: 'frame-foreign' });
  });

  it('refuses frames of another kind', async () => {
    expect(await postJob(evaluator.url, frame('result', key.id, 'x'))).toMatchObject({
      code: 'frame-malformed',
    });
    expect(await postJob(evaluator.url, key.bytes)).toMatchObject({ code: 'frame-malformed' });
  });

  it('refuses the same frame twice, naming the job that accepted it', async () => {
    const bytes = inputFrame(key.id, 'once');
    const id = idOf(await postJob(evaluator.url, bytes));
    const again = await postJob(evaluator.url, bytes);
    expect(again).toMatchObject({ status: 409, code: 'frame-replayed', body: { jobId: id } });
  });

  it('accepts a frame only once when it arrives twice at the same moment', async () => {
    const bytes = inputFrame(key.id, 'twice at once');
    const answers = await Promise.all([1, 2, 3].map(() => postJob(evaluator.url, bytes)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409, 409]);
  });

  it.each([
    ['magic', 0],
    ['version', 4],
    ['kind', 5],
    ['reserved bytes', 6],
    ['bundle', 8],
    ['subject', 40],
    ['nonce', 72],
    ['digest', 96],
    ['payload', frameHeaderBytes],
  ])('refuses a frame with one bit of its %s changed', async (_part, at) => {
    const answer = await postJob(evaluator.url, changed(inputFrame(key.id), at));
    expect(answer.status).toBe(400);
    expect(['frame-malformed', 'frame-digest']).toContain(answer.code);
  });
});

describe('an evaluator given bad evaluation keys', () => {
  const put = (id: string, body: Uint8Array | ReadableStream<Uint8Array>) =>
    ask('PUT', evaluator.url + paths.key(id), body, mediaTypes.keys);
  const refused = async (bytes: Uint8Array, code: string) => {
    const id = keyIdOf(bytes);
    expect(await put(id, bytes)).toMatchObject({ code });
    expect((await ask('HEAD', evaluator.url + paths.key(id))).status).toBe(404);
  };
  afterEach(() => expectServing(evaluator.url));

  it('refuses keys under a name that is not their digest', async () => {
    const { bytes } = keyFrame('misnamed');
    expect(await put('0'.repeat(64), bytes)).toMatchObject({ status: 400, code: 'frame-digest' });
  });

  it('refuses altered, cut, foreign and wrong frames under their own digest', async () => {
    const { bytes } = keyFrame('good');
    await refused(changed(bytes, bytes.length - 1), 'frame-digest');
    await refused(bytes.subarray(0, -1), 'frame-truncated');
    await refused(bytes.subarray(0, 64), 'frame-truncated');
    await refused(Buffer.concat([bytes, new Uint8Array(9)]), 'frame-malformed');
    await refused(frame('evaluationKeys', noSubject, 'x', otherBundle), 'bundle-unknown');
    await refused(frame('evaluationKeys', key.id, 'x'), 'frame-foreign');
    await refused(inputFrame(key.id), 'frame-malformed');
    await refused(bigFrame('evaluationKeys', payloadBytes.evaluationKeys + 1), 'frame-too-large');
  });

  it('refuses a stream that goes on after the announced payload', async () => {
    const { bytes, id } = keyFrame('short');
    expect(await put(id, streamed(4_000_000, bytes))).toMatchObject({ code: 'frame-malformed' });
  });

  it('keeps nothing of an upload that broke off', async () => {
    const { bytes, id } = keyFrame('broken off'.repeat(1000));
    const head = [
      `PUT ${paths.key(id)} HTTP/1.1`,
      'host: x',
      `content-type: ${mediaTypes.keys}`,
      `content-length: ${bytes.length}`,
    ];
    const socket = connectSocket(Number(new URL(evaluator.url).port), '127.0.0.1');
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.write(bytes.subarray(0, 500));
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    expect((await ask('HEAD', evaluator.url + paths.key(id))).status).toBe(404);
  });

  it('ends a job whose keys the worker cannot load, with the code', async () => {
    const broken = keyFrame('unloadable keys');
    await putKeys(evaluator.url, broken);
    const id = idOf(await postJob(evaluator.url, inputFrame(broken.id)));
    expect(await waitFor(evaluator.url, id, 'failed')).toMatchObject({ code: 'evaluation-key-invalid' });
  });
});

describe('an evaluator asked for something else', () => {
  it('tells who it is, its bundles and its limits', async () => {
    const service = serviceSchema.parse((await ask('GET', evaluator.url + paths.service)).body);
    expect(service.bundles).toEqual([bundle, secondBundle]);
    expect(service.limits.inputBytes).toBe(payloadBytes.input + frameHeaderBytes);
  });

  it('describes its bundle and answers 410 for another', async () => {
    expect((await ask('GET', evaluator.url + paths.bundle(bundle))).body).toMatchObject({ name: 'fake' });
    const other = await ask('GET', evaluator.url + paths.bundle(otherBundle));
    expect(other).toMatchObject({ status: 410, code: 'bundle-unknown' });
  });

  it.each([
    ['GET', '/'],
    ['GET', '/v1/jobs'],
    ['GET', `/v1/keys/${'0'.repeat(64)}`],
    ['HEAD', '/v1/service'],
    ['DELETE', '/v1/service'],
    ['PATCH', '/v1/jobs'],
    ['GET', '/v1/../../etc/passwd'],
  ])('answers 404 with a problem to %s %s', async (method, path) => {
    expect((await ask(method, evaluator.url + path)).status).toBe(404);
  });

  it.each([
    ['GET', '/v1/jobs/xyz'],
    ['GET', `/v1/jobs/${'0'.repeat(32)}?waitMs=soon`],
    ['DELETE', '/v1/keys/..%2f..%2fetc'],
    ['GET', '/v1/bundles/%zz'],
    ['GET', '/v1/bundles/short'],
  ])('answers 400 with a problem to %s %s', async (method, path) => {
    expect(await ask(method, evaluator.url + path)).toMatchObject({ status: 400, code: 'request-invalid' });
  });

  it('answers 404 for a job that never was', async () => {
    const answer = await ask('GET', evaluator.url + paths.job('0'.repeat(32)));
    expect(answer).toMatchObject({ status: 404, code: 'job-unknown' });
  });

  it('refuses bodies of other media types', async () => {
    for (const type of ['application/json', 'text/plain', mediaTypes.keys]) {
      const answer = await ask('POST', evaluator.url + paths.jobs, inputFrame(parseKeyId(key.id)), type);
      expect(answer).toMatchObject({ status: 400, code: 'request-invalid' });
    }
  });

  it('answers bytes that are not HTTP with a problem and goes on', async () => {
    expect(await bare(evaluator.url, 'CXFR\0\0\0 what\r\n\r\n')).toContain('"code":"request-invalid"');
    await expectServing(evaluator.url);
  });
});
