import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileKernel, moduleText } from './compile.ts';

/**
 * `npm run kernel` runs this file. It compiles kernel/assembly and writes kernel/wasm.ts, which is kept in the
 * repository; a test compares the two.
 */
await writeFile(join(import.meta.dirname, 'wasm.ts'), moduleText(await compileKernel()));
