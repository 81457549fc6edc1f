import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodePixels } from '../../dicom/codecs/stored.ts';
import { toRadiograph } from '../../dicom/radiograph.ts';
import { readDicom } from '../../dicom/read.ts';
import { refusalOf } from '../dicom/refusal.ts';
import { findSamples } from '../samples.ts';
import { titled } from '../titled.ts';
import { corporaFiles, type ForeignFile, fieldFiles, type Wanted } from './foreign-files.ts';

/** Display values that lie beside a film: little-endian float32 in [0, 1]. */
function truthOf(folder: string, file: string): Float32Array {
  const bytes = gunzipSync(readFileSync(join(folder, 'truth', `${file}.f32.gz`)));
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
}

async function cellsOf(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array((await decodePixels(readDicom(bytes))).cells);
}

async function wantedValues(
  want: Exclude<Wanted, { kind: 'cells' | 'refused' }>,
  { folder, file, bytes, columns }: { folder: string; file: string; bytes: Uint8Array; columns: number },
): Promise<Float32Array> {
  if (want.kind === 'truth') {
    const values = truthOf(folder, want.of ?? file);
    const { change = (value: number) => value } = want;
    const at = (index: number) =>
      want.mirrored ? index - (index % columns) + columns - 1 - (index % columns) : index;
    return values.map((_, index) => change(values[at(index)]!));
  }
  const stored = new Uint16Array((await cellsOf(bytes)).buffer);
  if (want.stored === 'ramp') expect(stored.every((value, index) => value === index)).toBe(true);
  return Float32Array.from(stored, want.shown);
}

const parts = [
  { part: 'dicom-field', list: fieldFiles },
  { part: 'dicom-corpora', list: corporaFiles },
] as const;
for (const { part, list } of parts) {
  const { folder, reason } = findSamples(part);
  describe.skipIf(reason !== null)(titled(`files of ${part}`, reason), () => {
    it('are all listed', () => {
      const there = globSync('**/*.dcm', { cwd: folder! }).map((name) => name.replace(/\.dcm$/, ''));
      expect(list.map(({ file }) => file).sort()).toEqual(there.sort());
    });
    it.each(list.map((one): [string, ForeignFile] => [one.file, one]))(
      '%s is what its README wants',
      async (file, { want, label }) => {
        const bytes = new Uint8Array(readFileSync(join(folder!, `${file}.dcm`)));
        if (want.kind === 'refused') {
          expect((await refusalOf(() => toRadiograph(bytes))).code).toBe(want.code);
          return;
        }
        const { values, columns, facts } = await toRadiograph(bytes);
        if (label !== undefined) expect(facts.window).toMatch(label);
        else expect(facts.window).not.toMatch(/unusable|cannot/);
        if (want.kind === 'cells') {
          const digest = createHash('sha256')
            .update(await cellsOf(bytes))
            .digest('hex');
          expect(digest.slice(0, 16)).toBe(want.digest);
          return;
        }
        const wanted = await wantedValues(want, { folder: folder!, file, bytes, columns });
        expect(values).toHaveLength(wanted.length);
        const worst = values.reduce(
          (most, value, index) => Math.max(most, Math.abs(value - wanted[index]!)),
          0,
        );
        expect(worst).toBeLessThanOrEqual(0.001);
      },
    );
  });
}
