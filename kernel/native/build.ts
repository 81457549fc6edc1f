import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * `npm run native` runs this file, which builds the native kernel with node-gyp. With `--optional`, as at installation,
 * it does nothing where the kernel cannot be built, because everything works without it. `CIPHERFILM_NATIVE=no` leaves
 * it out.
 */
const isOptional = process.argv.includes('--optional');
const say = (line: string): void => void process.stderr.write(`native kernel: ${line}\n`);

/** Finds Node's own headers where its distribution brought them. Where it did not, node-gyp fetches them. */
function headersBesideNode(): string[] {
  const folder = process.env.npm_config_nodedir ?? join(dirname(process.execPath), '..');
  return existsSync(join(folder, 'include', 'node', 'common.gypi')) ? [`--nodedir=${folder}`] : [];
}

function build(): string | null {
  if (process.arch !== 'x64') return `nothing to build on ${process.arch}`;
  let tool: string;
  try {
    tool = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return 'node-gyp is not installed';
  }
  const { status, stderr } = spawnSync(process.execPath, [tool, 'rebuild', ...headersBesideNode()], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status === 0) return null;
  return isOptional ? 'not built; `npm run native` says why. WebAssembly does its work' : stderr;
}

if (isOptional && process.env.CIPHERFILM_NATIVE === 'no') {
  say('left out');
} else {
  const problem = build();
  say(problem ?? `built, ${join(import.meta.dirname, 'build', 'Release', 'kernel.node')}`);
  if (problem !== null && !isOptional) process.exitCode = 1;
}
