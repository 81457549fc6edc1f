/** `npm run fuzz -- COUNT SEED`: mutated keys and ciphertexts for the evaluator's readers; prints what refused them. */
// Only tests may have the small rings that it uses.
process.env.VITEST = 'fuzz';
const { runMutations } = await import('./he/kernel/byte-mutations.ts');
const [count = '1000000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const from = performance.now();
const counts = await runMutations(Number(count), Number(seed));
const seconds = ((performance.now() - from) / 1000).toFixed(0);
process.stdout.write(
  `${count} mutations from seed ${seed} in ${seconds} s\n${JSON.stringify(counts, null, 2)}\n`,
);
process.exit();
