import { readArguments, readCount } from '../tools/command-options.ts';

/**
 * Puts mutated exports of keys through the workstation's reader, and mutated evaluation keys and ciphertexts through the
 * evaluator's; prints what refused them.
 */
const usage = `usage: npm run fuzz [-- COUNT [SEED]]
  COUNT   mutations for the evaluator, 1 to 1000000000, default 1000000; exports are one for each hundred, 10000 at most
  SEED    a whole number below 2147483648; the same one makes the same mutations. Default: from the clock`;
const { positionals } = readArguments(usage, {}, { most: 2 });
const count = readCount(usage, 'COUNT', positionals[0] ?? '1000000', [1, 1e9]);
const seed = readCount(usage, 'SEED', positionals[1] ?? String(Date.now() % 2 ** 31), [0, 2 ** 31 - 1]);

// Only tests may have the small rings that it uses.
process.env.VITEST = 'fuzz';
const { runKeyFileMutations } = await import('./main/vault/key-file-mutations.ts');
const files = Math.min(10_000, Math.ceil(count / 100));
const { codes, slowestMs } = await runKeyFileMutations(files, seed);
// First of all, so that the peak is that of the exports.
const peakGiB = process.resourceUsage().maxRSS / 2 ** 20;
process.stdout.write(
  `${files} exports from seed ${seed}: the slowest took ${slowestMs.toFixed(0)} ms, the peak was ${peakGiB.toFixed(2)} GiB\n${JSON.stringify(codes, null, 2)}\n`,
);
if ('imported' in codes || slowestMs > 2_000 || peakGiB > 1.1) {
  process.stderr.write('fuzz: an export was taken in, took more than 2 s or 1.1 GiB\n');
  process.exit(1);
}

const { runMutations } = await import('./he/kernel/byte-mutations.ts');
const from = performance.now();
const counts = await runMutations(count, seed);
const seconds = ((performance.now() - from) / 1000).toFixed(0);
process.stdout.write(
  `${count} mutations from seed ${seed} in ${seconds} s\n${JSON.stringify(counts, null, 2)}\n`,
);
process.exit();
