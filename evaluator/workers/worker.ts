import { keepCompiled } from '../keep-compiled.ts';

/** Entry of a worker thread. */
keepCompiled();
await import('./worker-jobs.ts');
