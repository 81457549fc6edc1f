import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { reduceToEncoderImage } from '../../dicom/display/reduce.ts';
import { reduced as reducedFilm } from '../../dicom/encoder-input.ts';
import { measurePrecision } from '../../he/precision.ts';
import { clearRegions } from '../../main/engine/clear-reference.ts';
import { admit } from '../../main/engine/input-gate.ts';
import { type ClientHalf, openClientHalf } from '../../native-models/client-half.ts';
import {
  type Decoder,
  type Encoder,
  type FilmCheck,
  openDecoder,
  openEncoder,
  openFilmCheck,
} from '../../native-models/encoder.ts';
import { openServerHalf, type ServerHalf } from '../../native-models/server-half.ts';
import { readRadiographFile } from '../../tools/evaluate/radiograph-file.ts';

/** What PyTorch computed for four images when the bundle was exported: training/export/export_bundle.py. */
const fixtures = join(import.meta.dirname, '..', 'fixtures', 'parity');
const bundle = join(import.meta.dirname, '..', '..', 'native-models', 'cxr-f8-r1');
type Case = {
  readonly image: string;
  readonly reduced: string;
  readonly latent: string;
  readonly regions: string;
  readonly distance: number;
  readonly size: number;
  readonly psnr: number;
};
const { cases } = JSON.parse(readFileSync(join(fixtures, 'cases.json'), 'utf8')) as {
  cases: Case[];
};
const floats = (file: string): Float32Array =>
  new Float32Array(new Uint8Array(readFileSync(join(fixtures, file))).buffer);

describe('the shipped bundle computes what PyTorch computed', () => {
  let client: ClientHalf;
  let encoder: Encoder;
  let decoder: Decoder;
  let filmCheck: FilmCheck;
  let server: ServerHalf;
  beforeAll(async () => {
    client = await openClientHalf(bundle);
    encoder = await openEncoder(client.encoderPath);
    decoder = await openDecoder(client.decoderPath);
    filmCheck = await openFilmCheck(client.filmCheckPath);
    server = await openServerHalf(bundle);
  });

  for (const { image, reduced, latent, regions, ...gate } of cases) {
    it(`for ${image}: reduction, latent and logits per region, each from the stage before`, async () => {
      const radiograph = await readRadiographFile(readFileSync(join(fixtures, image)));
      const own = reduceToEncoderImage(radiograph);
      // JPEG decoders may differ by one grey level: 2/255 on the scale [-1, 1].
      expect(measurePrecision(own.values, floats(reduced)).maxAbsError).toBeLessThanOrEqual(2.01 / 255);
      const encoded = await encoder.encode({ side: 256, values: floats(reduced) });
      expect(measurePrecision(encoded.values, floats(latent)).maxAbsError).toBeLessThan(1e-3);
      const classified = clearRegions(server, floats(latent));
      expect(measurePrecision(classified, floats(regions)).maxAbsError).toBeLessThan(1e-3);
    });

    it(`for ${image}: what the input gate compares`, async () => {
      const radiograph = await readRadiographFile(readFileSync(join(fixtures, image)));
      const { verdict } = await admit(reducedFilm(radiograph), { encoder, decoder, filmCheck }, client);
      expect(Math.abs(verdict.distance - gate.distance)).toBeLessThan(0.02 * gate.distance);
      expect(Math.abs(verdict.size - gate.size)).toBeLessThan(0.01 * gate.size);
      expect(Math.abs(verdict.psnr - gate.psnr)).toBeLessThan(0.2);
    });
  }
});
