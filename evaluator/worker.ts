import { parentPort } from 'node:worker_threads';
import { CxrError } from '../contract/errors.ts';
import { type LoadedKeys, openEncryptedEvaluator } from '../he/evaluate.ts';
import { openServerHalf } from '../native-models/bundle.ts';
import { serveJobs } from './serve-jobs.ts';

/** Entry of a worker thread: the only place of the evaluator where ciphertexts are computed on. */
if (parentPort === null) throw new TypeError('evaluator/worker.ts runs as a worker thread only');

serveJobs<LoadedKeys>(parentPort, async (folder, bundle) => {
  const { id, description, program } = await openServerHalf(folder);
  if (id !== bundle) throw new CxrError('bundle-digest', { got: id, expected: bundle });
  return openEncryptedEvaluator(description, program);
});
