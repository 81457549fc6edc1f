import { startEmbeddedEvaluator } from '../../main/host/headless.ts';

/** A process that starts an embedded evaluator, tells its process id, and waits to be killed. */
const entry = process.argv[2]!;
const { pid } = await startEmbeddedEvaluator({ entry, dataDir: 'serves', bundleRoot: '/none' });
process.send!(pid);
