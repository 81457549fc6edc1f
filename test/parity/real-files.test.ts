import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { decodePixels } from '../../dicom/codecs/stored.ts';
import { toRadiograph } from '../../dicom/radiograph.ts';
import { readDicom } from '../../dicom/read.ts';
import { findSamples } from '../samples.ts';
import { titled } from '../titled.ts';

/** Public files whose licences do not let them into this repository; see the README beside them. */
const { folder, reason } = findSamples('dicom');

const refused: Readonly<Record<string, string>> = {
  'neg_DX_no_pixel_data.dcm': 'dicom-no-pixels',
  'neg_oob_46341x46341_truncated.dcm': 'dicom-too-large',
};
const files =
  folder === null
    ? []
    : globSync('**/*.dcm', { cwd: folder })
        .map((name) => join(folder, name))
        .sort();
const bytesOf = (name: string) =>
  new Uint8Array(readFileSync(files.find((file) => basename(file) === name)!));
const read = (name: string) => toRadiograph(bytesOf(name));
const source = 'chest_barre_CR-MONO1-10_explicitLE.dcm';
const encoded = files.filter((file) => file.includes('transfer-syntaxes')).map((file) => basename(file));

/**
 * Largest difference of a lossy encoding from its source, in units of the source's 10 bits times `scale`. JPEG-LS: its
 * NEAR. JPEG 2000 and JPEG Extended: what OpenJPEG (GDCM) and DCMTK decode too, to the bit; DCMTK spread the values
 * over 12 bits before it encoded, 4095 / 1023.
 */
const lossy: Readonly<Record<string, { readonly bound: number; readonly scale: number }>> = {
  'barre_jpegls-near2_81.dcm': { bound: 2, scale: 1 },
  'barre_j2k-lossy_91.dcm': { bound: 13, scale: 1 },
  'barre_jpegext12_51.dcm': { bound: 10, scale: 4095 / 1023 },
};

/** Little-endian 16-bit cells. */
async function cellsOf(name: string): Promise<Uint16Array> {
  const { cells } = await decodePixels(readDicom(bytesOf(name)));
  return new Uint16Array(new Uint8Array(cells).buffer);
}

describe.skipIf(reason !== null)(titled('real files', reason), () => {
  it.each(files.map((file) => [basename(file), file]))(
    '%s is read or refused with its code',
    async (name, file) => {
      const outcome = await toRadiograph(new Uint8Array(readFileSync(file))).catch((error: unknown) => error);
      if (refused[name] !== undefined) {
        expect(outcome).toBeInstanceOf(CxrError);
        expect((outcome as CxrError).code).toBe(refused[name]);
        return;
      }
      const { values, rows, columns } = outcome as Awaited<ReturnType<typeof toRadiograph>>;
      expect(values).toHaveLength(rows * columns);
      expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(new Set(values).size).toBeGreaterThan(8);
    },
  );
  it.each(encoded)(
    '%s holds the pixels of its source, exactly or within the bound of its loss',
    async (name) => {
      const { bound, scale } = lossy[name] ?? { bound: 0, scale: 1 };
      const [got, want] = [await cellsOf(name), await cellsOf(source)];
      expect(got).toHaveLength(want.length);
      let worst = 0;
      for (let index = 0; index < got.length; index += 1) {
        worst = Math.max(worst, Math.abs(got[index]! - scale * want[index]!));
      }
      expect(worst).toBeLessThanOrEqual(bound);
      expect((await read(name)).facts.lossy).toBe(bound > 0);
    },
  );
  it('gives the same values with and without preamble and meta', async () => {
    const bare = await read('chest_barre_CR-MONO1-10_implicit-nometa.dcm');
    expect(bare.values).toEqual((await read(source)).values);
  });
  it('gives the same pixels for one film in RLE and JPEG 2000', async () => {
    expect(await cellsOf('hip_wg04_RG2_J2KR.dcm')).toEqual(await cellsOf('hip_wg04_RG2_RLE.dcm'));
  });
  it('shows a film tagged MONOCHROME1 as the inverse of its MONOCHROME2 twin', async () => {
    const two = await read('chest_rsna-nih_PA_jpegbaseline_mono2.dcm');
    const one = await read('chest_rsna-nih_PA_jpegbaseline_tagged-mono1-but-not-inverted.dcm');
    expect(one.values.every((value, index) => Math.abs(value - (1 - two.values[index]!)) < 1e-6)).toBe(true);
  });
});
