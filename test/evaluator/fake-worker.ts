import { parentPort, workerData } from 'node:worker_threads';
import { CxrError } from '../../contract/errors.ts';
import { type OpenBundle, serveJobs } from '../../evaluator/workers/serve-jobs.ts';
import { serveKeys } from '../../evaluator/workers/serve-keys.ts';
import type { WorkerStart } from '../../evaluator/workers/worker-message.ts';
import type { ByteSource } from '../../he/wire/byte-source.ts';

/**
 * A worker without cryptography: the real thread, messages and files around a computation that the payload names.
 * The answer tells the keys' text, how many keys this worker loaded so far, and the input's text.
 */
type TextKeys = Disposable & { readonly text: string };

const cost = {
  levels: 1,
  rotations: 2,
  relinearizations: 3,
  plaintextProducts: 4,
  ciphertextProducts: 5,
  rescales: 6,
};
const decoder = new TextDecoder();
let loads = 0;
let prepared = 0;
let refusals = 0;

const sleep = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Of keys the HTTP side lets less through, unless a test asks for more. */
const limits = { evaluationKeys: 64 * 1024 * 1024, input: 100_000, result: 110_000 };
const start = workerData as WorkerStart;
const textOf = (payload: ByteSource): string => decoder.decode(payload.read(0, payload.length));

/** Keys that say so are broken; `unloadable` ones are seen to be so by the worker that computes only. */
function serveFakeKeys(): void {
  serveKeys(parentPort!, start, async () => ({
    limits,
    check: (payload) => {
      const text = textOf(payload);
      if (text.startsWith('deadly')) process.exit(8);
      if (text.startsWith('broken')) throw new CxrError('evaluation-key-invalid');
    },
  }));
}

const openFake: OpenBundle<TextKeys> = async () => ({
  limits,
  prepare() {
    prepared += 1;
  },
  loadKeys(payload) {
    const text = textOf(payload);
    if (text === 'unloadable keys') throw new CxrError('evaluation-key-invalid');
    loads += 1;
    return { text, [Symbol.dispose]: () => {} };
  },
  checkInput(payload) {
    if (decoder.decode(payload).startsWith('malformed')) throw new CxrError('ciphertext-invalid');
  },
  evaluate(payload, keys, control) {
    const text = decoder.decode(payload);
    if (text.startsWith('exit')) process.exit(7);
    if (text.startsWith('full disk') && refusals++ < 3) throw new CxrError('storage-full');
    if (text.startsWith('throw')) throw new Error('text that must not be seen');
    for (let round = 0; text.startsWith('endless') && round < 4000; round += 1) {
      if (control.isAborted()) throw new CxrError('cancelled');
      control.progress(round / 4000, 'fake layer');
      sleep(5);
    }
    if (text === 'slow') sleep(1_000);
    if (text === 'prepared?') return { payload: Buffer.from(String(prepared)), cost };
    return { payload: Buffer.from(`${keys.text}|${loads}|${text}`), cost };
  },
});

if (start.role === 'keys') serveFakeKeys();
else serveJobs<TextKeys>(parentPort!, start, openFake);
