import { readArguments, readCount } from '../tools/command-options.ts';

/** Puts mutated conversations, multipart bodies and answers in JSON through what reads them; prints what came of them. */
const usage = `usage: npm run fuzz:network [-- COUNT [SEED]]
  COUNT   mutations, 1 to 1000000000, default 1000000
  SEED    a whole number below 2147483648; the same one makes the same mutations. Default: from the clock`;
const { positionals } = readArguments(usage, {}, { most: 2 });
const count = readCount(usage, 'COUNT', positionals[0] ?? '1000000', [1, 1e9]);
const seed = readCount(usage, 'SEED', positionals[1] ?? String(Date.now() % 2 ** 31), [0, 2 ** 31 - 1]);

const { runNetworkMutations } = await import('./dicom/network/network-mutations.ts');
const from = performance.now();
const counts = runNetworkMutations(count, seed);
const seconds = ((performance.now() - from) / 1000).toFixed(0);
process.stdout.write(
  `${count} mutations from seed ${seed} in ${seconds} s\n${JSON.stringify(counts, null, 2)}\n`,
);
if (counts.slowestMs > 2_000 || counts.largestBytes > 1e9) {
  process.stderr.write('fuzz: a mutation took more than 2 s or 1 GB\n');
  process.exit(1);
}
