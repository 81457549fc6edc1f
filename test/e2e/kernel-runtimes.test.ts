import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nativeSets } from '../../kernel/native.ts';
import { titled } from '../titled.ts';
import { electronProgram } from '../window-command.ts';

/** The kernel in Node and in Electron's Node: WebAssembly and native code give the same bytes in both. */
const script = join(import.meta.dirname, '..', 'he', 'kernel', 'kernel-digest.ts');
const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? '';
const electron = folder === '' ? null : electronProgram(folder);
const reason = electron === null ? 'ELECTRON_OVERRIDE_DIST_PATH names no Electron' : null;

function digests(program: string): Record<string, string> {
  const printed = execFileSync(program, [script], {
    encoding: 'utf8',
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', VITEST: '1' },
  });
  return Object.fromEntries(
    printed
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  );
}

describe('the kernel', () => {
  it('computes the same with every kind of code in Node', () => {
    const found = digests(process.execPath);
    expect(Object.keys(found)).toEqual(['wasm', ...nativeSets()]);
    expect(new Set(Object.values(found))).toEqual(new Set([found.wasm]));
    expect(found.wasm).toMatch(/^[0-9a-f]{64}$/);
  });

  it.skipIf(electron === null)(titled("computes the same in Electron's Node", reason), () => {
    expect(digests(electron!)).toEqual(digests(process.execPath));
  });
});
