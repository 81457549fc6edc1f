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

/** The kernel as WebAssembly, always the same bytes. */
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

/** As a source file, so that no bundler and no package can lose it. */
export function moduleText(wasm: Uint8Array): string {
  const lines =
    Buffer.from(wasm)
      .toString('base64')
      .match(/.{1,100}/g) ?? [];
  const quoted = lines.map((line) => `  '${line}',`).join('\n');
  return `/** kernel/assembly compiled by \`npm run kernel\`. */\nexport const kernelBase64: string = [\n${quoted}\n].join('');\n`;
}
