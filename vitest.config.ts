import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/random-seed.ts'],
    // Encrypted runs hold gigabytes: two files at a time, each in a process of its own. Many wait for other processes.
    maxWorkers: 2,
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // A second, which is the default, is little for a window on a machine that does other things too.
    expect: { poll: { timeout: 15_000 } },
    coverage: {
      provider: 'v8',
      // Every source file counts, also one that no test loads.
      include: ['{contract,dicom,evaluator,he,kernel,main,native-models,renderer,tools}/**/*.ts'],
      exclude: ['**/*.config.ts', 'kernel/assembly/**', 'test/**'],
      reporter: ['text-summary', 'html', 'json-summary'],
      reportsDirectory: 'test-results/coverage',
    },
  },
});
