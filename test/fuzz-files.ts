import { readArguments, readCount } from '../tools/command-options.ts';

/**
 * Puts mutated DICOM files of every form and coding through the reader, and for every ten of them one mutated zip archive; prints
 * what came of them.
 */
const usage = `usage: npm run fuzz:files [-- COUNT [SEED]]
  COUNT   mutations of files, 1 to 1000000000, default 1000000
  SEED    a whole number below 2147483648; the same one makes the same mutations. Default: from the clock`;
const { positionals } = readArguments(usage, {}, { most: 2 });
const count = readCount(usage, 'COUNT', positionals[0] ?? '1000000', [1, 1e9]);
const seed = readCount(usage, 'SEED', positionals[1] ?? String(Date.now() % 2 ** 31), [0, 2 ** 31 - 1]);

const { runFileMutations } = await import('./dicom/file-mutations.ts');
const { runZipMutations } = await import('./main/reader/zip-mutations.ts');
const from = performance.now();
const files = await runFileMutations(count, seed);
const archives = await runZipMutations(Math.ceil(count / 10), seed);
const seconds = ((performance.now() - from) / 1000).toFixed(0);
process.stdout.write(
  `${count} mutations from seed ${seed} in ${seconds} s\n${JSON.stringify({ files, archives }, null, 2)}\n`,
);
const isBounded = [files, archives].every(
  ({ slowestMs, largestBytes }) => slowestMs <= 2_000 && largestBytes <= 1e9,
);
if (!isBounded) process.stderr.write('fuzz: a mutation took more than 2 s or 1 GB\n');
process.exit(isBounded ? 0 : 1);
