import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const entry = (path: string) => fileURLToPath(new URL(path, new URL('../../', import.meta.url)));
/** Tells whether a module is a package or one of Node's own. These stay imports; only files of ours are bundled. */
const isPackage = (id: string) => /^(@?[a-z]|node:)/i.test(id) && !/^[a-z]:[\\/]/i.test(id);

/**
 * Builds main, engine, reader and evaluator as ES modules, and the preload as one CommonJS file: a sandbox loads no
 * other.
 */
export default defineConfig({
  root,
  publicDir: false,
  build: { target: 'node24', minify: false, emptyOutDir: false, outDir: 'out' },
  environments: {
    main: {
      consumer: 'server',
      build: {
        outDir: 'out',
        rolldownOptions: {
          input: {
            'main/index': entry('main/electron/index.ts'),
            'main/engine': entry('main/engine/index.ts'),
            'main/reader': entry('main/reader/index.ts'),
            'main/network': entry('main/network/index.ts'),
            'main/recompute': entry('main/engine/recompute.ts'),
            'evaluator/index': entry('evaluator/index.ts'),
            'evaluator/workers/worker': entry('evaluator/workers/worker.ts'),
          },
          external: isPackage,
          output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
        },
      },
    },
    preload: {
      consumer: 'server',
      // A sandbox finds no packages: all but Electron is in the one file.
      resolve: { noExternal: true },
      build: {
        outDir: 'out/preload',
        rolldownOptions: {
          input: { preload: entry('main/electron/ipc/preload.ts') },
          external: ['electron'],
          output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
        },
      },
    },
  },
  builder: {
    buildApp: async (builder) => {
      await builder.build(builder.environments.main!);
      await builder.build(builder.environments.preload!);
    },
  },
});
