import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { nothingStated } from '../../contract/image/stated-content.ts';
import type { Radiograph } from '../../contract/stages.ts';
import { decodeJpegBaseline } from '../../dicom/codecs/jpeg.ts';
import { areaAverage, doubleBilinear, reduceToEncoderImage } from '../../dicom/display/reduce.ts';
import { openEncoder } from '../../native-models/encoder.ts';

/** Written by training/export/export_bundle.py: what PIL, NumPy and PyTorch make of the same images. */
const folder = new URL('../fixtures/parity/', import.meta.url);
const encoderPath = fileURLToPath(
  new URL('../../native-models/cxr-f8-r1/client/encoder.onnx', import.meta.url),
);
const present = existsSync(new URL('cases.json', folder)) && existsSync(encoderPath);
const side = 128;

type Case = { readonly image: string; readonly reduced: string; readonly latent: string };
type Vectors = {
  areaAverage: {
    height: number;
    width: number;
    input: number[][];
    outHeight: number;
    outWidth: number;
    output: number[][];
  }[];
  upsample2: { input: number[][]; output: number[][] }[];
};
const json = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as T;
const floats = (name: string) => {
  const bytes = readFileSync(new URL(name, folder));
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
};
const maxError = (got: ArrayLike<number>, want: ArrayLike<number>) => {
  expect(got.length).toBe(want.length);
  let worst = 0;
  for (let index = 0; index < got.length; index += 1) {
    worst = Math.max(worst, Math.abs(got[index]! - want[index]!));
  }
  return worst;
};

async function decoded(name: string): Promise<Radiograph> {
  const stored = await decodeJpegBaseline(new Uint8Array(readFileSync(new URL(name, folder))), side, side);
  return {
    rows: side,
    columns: side,
    values: Float32Array.from(stored, (value) => value / 255),
    content: nothingStated,
    facts: {
      modality: 'DX',
      viewPosition: null,
      rows: side,
      columns: side,
      photometric: 'MONOCHROME2',
      transferSyntax: '1.2.840.10008.1.2.4.50',
      lossy: true,
      window: 'full range',
    },
  };
}

describe.skipIf(!present)(
  `parity with training${present ? '' : ' (skipped: no fixtures or encoder)'}`,
  () => {
    it('averages areas and doubles as training/data/reduce.py does, to 1e-12', () => {
      const { areaAverage: areas, upsample2 } = json<Vectors>('reduction.json');
      for (const { height, width, input, outHeight, outWidth, output } of areas) {
        expect(
          maxError(areaAverage(input.flat(), height, width, outHeight, outWidth), output.flat()),
        ).toBeLessThan(1e-12);
      }
      for (const { input, output } of upsample2) {
        const doubled = doubleBilinear(input.flat(), input.length, input[0]!.length);
        expect(maxError(doubled, output.flat())).toBeLessThan(1e-12);
      }
    });
    it('reduces decoded images to the encoder’s input within 1e-5', async () => {
      // PIL and this codec are both libjpeg-turbo and agree to the bit on these files, so no allowance for decoders.
      for (const { image, reduced } of json<{ cases: Case[] }>('cases.json').cases) {
        const got = reduceToEncoderImage(await decoded(image));
        expect(maxError(got.values, floats(reduced))).toBeLessThan(1e-5);
      }
    });
    it('encodes to PyTorch’s latents within 1e-4, of magnitudes up to about 20', async () => {
      const encoder = await openEncoder(encoderPath);
      try {
        for (const { image, latent } of json<{ cases: Case[] }>('cases.json').cases) {
          const got = await encoder.encode(reduceToEncoderImage(await decoded(image)));
          const error = maxError(got.values, floats(latent));
          expect(error).toBeLessThan(1e-4);
        }
      } finally {
        await encoder.dispose();
      }
    });
  },
);
