import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { measurePrecision } from '../../he/precision.ts';
import { clearLogits } from '../../main/clear-reference.ts';
import { reduceToEncoderImage } from '../../main/dicom/reduce.ts';
import { readRadiographFile } from '../../main/radiograph-file.ts';
import { openClientHalf, openServerHalf, type ServerHalf } from '../../native-models/bundle.ts';
import { type Encoder, openEncoder } from '../../native-models/encoder.ts';

/** What PyTorch computed for four images when the bundle was exported: training/export.py. */
const fixtures = join(import.meta.dirname, '..', 'fixtures', 'parity');
const bundle = join(import.meta.dirname, '..', '..', 'native-models', 'cxr-f8-r1');
const { cases } = JSON.parse(readFileSync(join(fixtures, 'cases.json'), 'utf8')) as {
  cases: { image: string; reduced: string; latent: string; logits: string }[];
};
const floats = (file: string): Float32Array =>
  new Float32Array(new Uint8Array(readFileSync(join(fixtures, file))).buffer);

describe('the shipped bundle computes what PyTorch computed', () => {
  let encoder: Encoder;
  let server: ServerHalf;
  beforeAll(async () => {
    encoder = await openEncoder((await openClientHalf(bundle)).encoderPath);
    server = await openServerHalf(bundle);
  });

  for (const { image, reduced, latent, logits } of cases) {
    it(`for ${image}: reduction, latent and logits, each from the stage before`, async () => {
      const radiograph = await readRadiographFile(readFileSync(join(fixtures, image)));
      const own = reduceToEncoderImage(radiograph);
      // JPEG decoders may differ by one grey level: 2/255 on the scale [-1, 1].
      expect(measurePrecision(own.values, floats(reduced)).maxAbsError).toBeLessThanOrEqual(2.01 / 255);
      const encoded = await encoder.encode({ side: 256, values: floats(reduced) });
      expect(measurePrecision(encoded.values, floats(latent)).maxAbsError).toBeLessThan(1e-3);
      const classified = clearLogits(server, floats(latent));
      expect(measurePrecision(classified, floats(logits)).maxAbsError).toBeLessThan(1e-3);
    });
  }
});
