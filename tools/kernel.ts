import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileKernel, moduleText } from '../kernel/compile.ts';
import { readOptions } from './command-options.ts';

/** Compiles the kernel's WebAssembly, which is kept in the repository; a test compares it with its source. */
const usage = `usage: npm run kernel
  Compiles kernel/assembly and writes kernel/wasm.ts.`;
readOptions(usage, {});
await writeFile(join(import.meta.dirname, '..', 'kernel', 'wasm.ts'), moduleText(await compileKernel()));
