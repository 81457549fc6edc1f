import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const options = [
  ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert', '--runtime', 'stub'],
  ...['--enable', 'simd', '--enable', 'threads', '--enable', 'bulk-memory'],
  ...['--importMemory', '--sharedMemory', '--initialMemory', '16', '--maximumMemory', '65536'],
];

/**
 * Compiles kernel/assembly to WebAssembly. The same sources always give the same bytes.
 *
 * @throws Error with the compiler's message, when the sources do not compile.
 */
export async function compileKernel(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'cipherfilm-kernel-'));
  const out = join(folder, 'kernel.wasm');
  const compiler = join(
    createRequire(import.meta.url).resolve('assemblyscript/package.json'),
    '..',
    'bin',
    'asc.js',
  );
  try {
    const entry = join('assembly', 'index.ts');
    await promisify(execFile)(process.execPath, [compiler, entry, '-o', out, ...options], {
      cwd: import.meta.dirname,
    });
    return new Uint8Array(await readFile(out));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes a WebAssembly module as a source file, so that no bundler and no package can lose it. */
export function moduleText(wasm: Uint8Array): string {
  const lines =
    Buffer.from(wasm)
      .toString('base64')
      .match(/.{1,100}/g) ?? [];
  const quoted = lines.map((line) => `  '${line}',`).join('\n');
  return `/** This text is kernel/assembly as WebAssembly, in base64; \`npm run kernel\` writes it. */\nexport const kernelBase64: string = [\n${quoted}\n].join('');\n`;
}
