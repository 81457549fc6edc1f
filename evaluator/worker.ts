import { keepCompiled } from '../he/keep-compiled.ts';

/** Entry of a worker thread. */
keepCompiled();
await import('./worker-jobs.ts');
