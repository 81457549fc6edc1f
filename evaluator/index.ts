import { keepCompiled } from './keep-compiled.ts';

/**
 * Entry of the evaluator process:
 *
 *   node evaluator/index.ts --port 8420 --data ./data --workers 2 --log
 */
keepCompiled();
const { runEvaluator } = await import('./process.ts');
// In source and in bundled form the worker stands beside this file.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
await runEvaluator(new URL(`./workers/worker.${extension}`, import.meta.url));
