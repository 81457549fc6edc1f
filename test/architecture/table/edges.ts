/** A single edge between two files, with the reason for it. `from` and `to` are paths from the root. */
type Listed = { readonly from: string; readonly to: string; readonly because: string };

/** Imports that the table forbids, each narrow enough to be undone. The list is meant to become empty. */
export const exceptions: readonly Listed[] = [
  {
    from: 'main/engine/recompute.ts',
    to: 'native-models/server-half.ts',
    because: 'the check process has no key and computes both halves in plaintext',
  },
  {
    from: 'main/engine/clear-reference.ts',
    to: 'native-models/server-half.ts',
    because: 'the same computation, which tools and tests use as well',
  },
  {
    from: 'main/host/headless.ts',
    to: 'main/connector/evaluator-route.ts',
    because: 'how the evaluator is reached that the host itself starts',
  },
  {
    from: 'main/engine/clear-reference.ts',
    to: 'he/run/in-clear.ts',
    because: 'plaintext logits for the check process, tools and tests; no key is near',
  },
  {
    from: 'main/host/choose-bundle.ts',
    to: 'native-models/bundle.ts',
    because: 'the one rule which bundle is used, for the window and the command line',
  },
  {
    from: 'main/electron/settings-desk.ts',
    to: 'main/connector/evaluator-url.ts',
    because: 'an address is refused when it is typed, by the rule that the connector applies when it is used',
  },
];

/** Modules of Node or packages that a room must not touch, and one file of it does. */
export const touching: readonly Listed[] = [
  {
    from: 'dicom/codecs/wasm-codec.ts',
    to: 'node:fs/promises',
    because: "reads the installed codec's own WebAssembly, no file of a user",
  },
];

const bundles = 'the build makes a script of its own of it, which a process is started from';

/**
 * Paths of scripts in the code: whoever holds such a path can start a process or a worker thread from it, or write it,
 * without importing it. Tools, examples and tests may name any script.
 */
export const scripts: readonly Listed[] = [
  {
    from: 'evaluator/index.ts',
    to: 'evaluator/workers/worker.ts',
    because: 'the worker threads of the evaluator, in its own process',
  },
  { from: 'main/host/entries.ts', to: 'main/engine/index.ts', because: 'starts the engine process' },
  { from: 'main/host/entries.ts', to: 'main/reader/index.ts', because: 'starts the reader process' },
  { from: 'main/host/entries.ts', to: 'main/network/index.ts', because: 'starts the network process' },
  { from: 'main/host/entries.ts', to: 'evaluator/index.ts', because: 'starts the evaluator' },
  { from: 'main/electron/locations.ts', to: 'main/engine/index.ts', because: 'starts the engine process' },
  { from: 'main/electron/locations.ts', to: 'main/reader/index.ts', because: 'starts the reader process' },
  {
    from: 'main/electron/locations.ts',
    to: 'main/network/index.ts',
    because: 'starts the network process',
  },
  { from: 'main/electron/locations.ts', to: 'main/engine/recompute.ts', because: 'starts the check process' },
  { from: 'main/electron/locations.ts', to: 'evaluator/index.ts', because: 'starts the evaluator' },
  {
    from: 'main/electron/locations.ts',
    to: 'main/electron/ipc/preload.ts',
    because: 'the script that the window runs before its page',
  },
  { from: 'main/electron/vite.config.ts', to: 'main/electron/index.ts', because: bundles },
  { from: 'main/electron/vite.config.ts', to: 'main/engine/index.ts', because: bundles },
  { from: 'main/electron/vite.config.ts', to: 'main/reader/index.ts', because: bundles },
  { from: 'main/electron/vite.config.ts', to: 'main/network/index.ts', because: bundles },
  { from: 'main/electron/vite.config.ts', to: 'main/engine/recompute.ts', because: bundles },
  { from: 'main/electron/vite.config.ts', to: 'evaluator/index.ts', because: bundles },
  { from: 'main/electron/vite.config.ts', to: 'evaluator/workers/worker.ts', because: bundles },
  { from: 'main/electron/vite.config.ts', to: 'main/electron/ipc/preload.ts', because: bundles },
  { from: 'vitest.config.ts', to: 'test/random-seed.ts', because: 'runs before every test file' },
  { from: 'kernel/compile.ts', to: 'kernel/assembly/index.ts', because: 'npm run kernel compiles it' },
];

/** Modules whose path is known only when the program runs. */
export const computed: readonly Omit<Listed, 'to'>[] = [
  {
    from: 'kernel/native.ts',
    because: 'the addon lies beside the sources or beside the bundled application',
  },
];

/**
 * What `npm run build` makes of which source, as main/electron/vite.config.ts says. A path of main/electron to a built
 * script is followed to its source.
 */
export const bundledFrom: ReadonlyMap<string, string> = new Map([
  ['out/main/index.js', 'main/electron/index.ts'],
  ['out/main/engine.js', 'main/engine/index.ts'],
  ['out/main/reader.js', 'main/reader/index.ts'],
  ['out/main/network.js', 'main/network/index.ts'],
  ['out/main/recompute.js', 'main/engine/recompute.ts'],
  ['out/evaluator/index.js', 'evaluator/index.ts'],
  ['out/evaluator/workers/worker.js', 'evaluator/workers/worker.ts'],
  ['out/preload/preload.cjs', 'main/electron/ipc/preload.ts'],
]);
