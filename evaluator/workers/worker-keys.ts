import { parentPort, workerData } from 'node:worker_threads';
import { CxrError } from '../../contract/errors.ts';
import { checkParams } from '../../he/params.ts';
import { checkedKeys } from '../../he/server/checked-payload.ts';
import { collectGarbage } from '../../he/server/collect-garbage.ts';
import { KernelEngine } from '../../he/server/kernel-engine.ts';
import { payloadLimits } from '../../he/wire/sizes.ts';
import { openKernel } from '../../kernel/open.ts';
import { readDescription } from '../../native-models/bundle.ts';
import { serveKeys } from './serve-keys.ts';
import type { WorkerStart } from './worker-message.ts';

/** The thread that verifies evaluation keys. It expands and checks them, and computes nothing with them. */
if (parentPort === null) throw new TypeError('evaluator/workers/worker-keys.ts runs as a worker thread only');

const memory = await openKernel(1);

serveKeys(parentPort, workerData as WorkerStart, async (folder, bundle) => {
  const { id, description } = await readDescription(folder);
  if (id !== bundle) throw new CxrError('bundle-digest', { got: id, expected: bundle });
  const engine = new KernelEngine(memory, checkParams(description.ckks));
  return {
    limits: payloadLimits(description),
    check: (payload) => {
      for (const _ of checkedKeys(description, engine, payload));
      collectGarbage();
    },
  };
});
