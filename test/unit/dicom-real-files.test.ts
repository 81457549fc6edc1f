import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { toRadiograph } from '../../main/dicom/radiograph.ts';

/** Public files whose licences do not let them into this repository; see the README beside them. */
const folder = fileURLToPath(new URL('../../../shared/data/dicom', import.meta.url));
const present = existsSync(folder);
const reason = present ? '' : ' (skipped: ../shared/data/dicom is not on this machine)';

const readable = new Set([
  'barre_implicitLE.dcm',
  'ihe_modalitylut_mlut_18.dcm',
  'ihe_voilut_vlut_04.dcm',
  'chest_barre_CR-MONO1-10_explicitLE.dcm',
  'chest_barre_CR-MONO1-10_implicit-nometa.dcm',
  'chest_nih-googlehc_DX_implicitLE_mono2.dcm',
  'chest_rsna-nih_PA_jpegbaseline_mono2.dcm',
  'chest_rsna-nih_PA_jpegbaseline_tagged-mono1-but-not-inverted.dcm',
]);
const refused: Readonly<Record<string, string>> = {
  'neg_DX_no_pixel_data.dcm': 'dicom-no-pixels',
  'neg_oob_46341x46341_truncated.dcm': 'dicom-too-large',
};
const files = present ? globSync(`${folder}/**/*.dcm`).sort() : [];
const read = (name: string) =>
  toRadiograph(new Uint8Array(readFileSync(files.find((file) => basename(file) === name)!)));

describe.skipIf(!present)(`real files${reason}`, () => {
  it.each(files.map((file) => [basename(file), file]))(
    '%s is read or refused with its code',
    async (name, file) => {
      const outcome = await toRadiograph(new Uint8Array(readFileSync(file))).catch((error: unknown) => error);
      if (readable.has(name)) {
        const { values, rows, columns } = outcome as Awaited<ReturnType<typeof toRadiograph>>;
        expect(values).toHaveLength(rows * columns);
        expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
        expect(new Set(values).size).toBeGreaterThan(8);
      } else {
        expect(outcome).toBeInstanceOf(CxrError);
        expect((outcome as CxrError).code).toBe(refused[name] ?? 'dicom-transfer-syntax');
      }
    },
  );
  it('gives the same values for one film in three encodings', async () => {
    const explicit = await read('chest_barre_CR-MONO1-10_explicitLE.dcm');
    const implicit = await read('barre_implicitLE.dcm');
    const bare = await read('chest_barre_CR-MONO1-10_implicit-nometa.dcm');
    expect(implicit.values).toEqual(explicit.values);
    expect(bare.values).toEqual(explicit.values);
  });
  it('shows a film tagged MONOCHROME1 as the inverse of its MONOCHROME2 twin', async () => {
    const two = await read('chest_rsna-nih_PA_jpegbaseline_mono2.dcm');
    const one = await read('chest_rsna-nih_PA_jpegbaseline_tagged-mono1-but-not-inverted.dcm');
    expect(one.values.every((value, index) => Math.abs(value - (1 - two.values[index]!)) < 1e-6)).toBe(true);
  });
});
