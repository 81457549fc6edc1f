import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ProgramFolder } from '../../evaluator/store/program-folder.ts';
import { programDigest } from '../../he/compiler/passes/levels.ts';
import { openServerHalf, type ServerHalf } from '../../native-models/server-half.ts';

const bundle = join(import.meta.dirname, '..', '..', 'native-models', 'cxr-f8-r1');

describe('a compiled program', () => {
  let data: string;
  let compiled: ServerHalf;
  let path: string;
  let whole: Buffer;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'cipherfilm-programs-'));
    compiled = await openServerHalf(bundle);
    const programs = new ProgramFolder(data, [compiled.id]);
    await openServerHalf(bundle, programs);
    path = join(data, 'programs', compiled.id);
    whole = await readFile(path);
  });
  afterAll(() => rm(data, { recursive: true, force: true }));

  /** Opens the bundle once more and tells whether its program had to be compiled, which writes it anew. */
  const openAgain = async () => {
    const programs = new ProgramFolder(data, [compiled.id]);
    const write = vi.spyOn(programs, 'write');
    const half = await openServerHalf(bundle, programs);
    return { half, wasCompiled: write.mock.calls.length === 1 };
  };

  it('is kept in the data folder and read at the next start, equal to the last bit', async () => {
    const { half, wasCompiled } = await openAgain();
    expect(wasCompiled).toBe(false);
    expect(half.program.steps).toEqual(compiled.program.steps);
    expect(half.program.plaintexts).toHaveLength(compiled.program.plaintexts.length);
    const target = new Float64Array(half.program.slotCount);
    for (const [index, operand] of half.program.plaintexts.entries()) {
      const expected = compiled.program.plaintexts[index]!;
      target.fill(Number.NaN);
      operand.copyTo!(target);
      const bits = ({ buffer, byteOffset, byteLength }: Float64Array) =>
        Buffer.from(buffer, byteOffset, byteLength);
      expect(bits(target).equals(bits(expected.values))).toBe(true);
      expect([operand.level, operand.scale]).toEqual([expected.level, expected.scale]);
    }
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['cut short', (bytes) => bytes.subarray(0, bytes.length - 4)],
    ['one weight changed by its last bit', (bytes) => flipped(bytes, bytes.length >> 1)],
    ['the end of a run moved', (bytes) => flipped(bytes, bytes.length - 4)],
    ['another step', (bytes) => Buffer.from(bytes.toString('latin1').replace('rotate', 'square'), 'latin1')],
    ['no text at all', (bytes) => Buffer.alloc(bytes.length)],
    ['empty', () => Buffer.alloc(0)],
  ])('is compiled again where the kept one is damaged: %s', async (_name, damage) => {
    await writeFile(path, damage(whole));
    const { half, wasCompiled } = await openAgain();
    expect(wasCompiled).toBe(true);
    expect(programDigest(half.program)).toBe(half.description.programDigest);
    expect((await readFile(path)).equals(whole)).toBe(true);
  });

  it('makes way when its bundle is served no more', async () => {
    const other = new ProgramFolder(data, ['f'.repeat(64) as typeof compiled.id]);
    await other.write('f'.repeat(64) as typeof compiled.id, Buffer.from('another'));
    expect(await readdir(join(data, 'programs'))).toEqual(['f'.repeat(64)]);
  });
});

/** The bytes with the lowest bit of one changed. */
function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}
