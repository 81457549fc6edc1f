import { readOptions } from './command-options.ts';

/** Builds the native kernel on request. Installation starts the same script by itself, where no tool is needed. */
const usage = `usage: npm run native
  Builds kernel/native with node-gyp; ends with 1 and the reason where that cannot be done.`;
readOptions(usage, {});
await import('../kernel/native/build.ts');
