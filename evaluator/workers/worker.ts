import { workerData } from 'node:worker_threads';
import { keepCompiled } from '../keep-compiled.ts';
import type { WorkerStart } from './worker-message.ts';

/** Entry of a worker thread, of either role. */
keepCompiled();
if ((workerData as WorkerStart).role === 'keys') await import('./worker-keys.ts');
else await import('./worker-jobs.ts');
