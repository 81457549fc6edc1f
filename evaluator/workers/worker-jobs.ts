import { parentPort, workerData } from 'node:worker_threads';
import { CxrError } from '../../contract/errors.ts';
import { checkParams } from '../../he/params.ts';
import { openEncryptedEvaluator } from '../../he/server/evaluate.ts';
import { KernelEngine } from '../../he/server/kernel-engine.ts';
import { payloadLimits } from '../../he/wire/sizes.ts';
import { openKernel } from '../../kernel/open.ts';
import { openServerHalf } from '../../native-models/server-half.ts';
import { ProgramFolder } from '../store/program-folder.ts';
import { serveJobs } from './serve-jobs.ts';
import type { WorkerStart } from './worker-message.ts';

/** A worker thread: the only place of the evaluator where ciphertexts are computed on. */
if (parentPort === null) throw new TypeError('evaluator/workers/worker-jobs.ts runs as a worker thread only');

const start = workerData as WorkerStart;
const programs = new ProgramFolder(start.dataFolder, start.bundleFolders.keys());
const memory = await openKernel(start.threads, { arithmetic: start.arithmetic });

serveJobs(parentPort, start, async (folder, bundle) => {
  const { id, description, program } = await openServerHalf(folder, programs);
  if (id !== bundle) throw new CxrError('bundle-digest', { got: id, expected: bundle });
  const engine = new KernelEngine(memory, checkParams(description.ckks));
  const evaluator = openEncryptedEvaluator(description, program, engine);
  return {
    limits: payloadLimits(description),
    prepare: () => evaluator.prepare(),
    loadKeys: (payload) => evaluator.loadKeys(payload),
    checkInput: (payload) => evaluator.checkInput(payload),
    evaluate: (payload, keys, control) => evaluator.evaluate(payload, keys, control),
  };
});
