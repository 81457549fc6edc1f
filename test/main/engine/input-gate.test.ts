import { describe, expect, it } from 'vitest';
import { type Gate, gateSchema } from '../../../contract/bundle.ts';
import { CxrError } from '../../../contract/errors.ts';
import type { EncoderImage, EngineInput, Latent, RadiographFacts } from '../../../contract/stages.ts';
import { admit, type Codec, latentDistance, peakSignalToNoise } from '../../../main/engine/input-gate.ts';

/** One channel of 2×2 in two cells per side: every value is a feature. Directions: the first feature, the second. */
const gate: Gate = {
  format: 'cipherfilm-gate/1',
  cells: 2,
  mean: [1, 0, 0, 0],
  basis: [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
  ],
  variances: [4, 1],
  restVariance: 0.25,
  distanceLimit: 2,
  sizeLimit: 10,
  psnrLimit: 20,
};
const latent = (...values: number[]): Latent => ({ shape: [1, 2, 2], values: Float32Array.from(values) });

/** Encodes the mean shade to the first feature, and draws every image as it is, or black. */
const codecThat = ({ draws = true } = {}): Codec => {
  let last: EncoderImage = { side: 256, values: new Float32Array(65_536) };
  return {
    encoder: {
      encode: async (image) => {
        last = image;
        const mean = image.values.reduce((sum, value) => sum + value, 0) / image.values.length;
        return latent(1 + 20 * (mean - 0.5), 0, 0, 0);
      },
    },
    decoder: {
      decode: async () => (draws ? last : { side: 256, values: new Float32Array(65_536).fill(-1) }),
    },
  };
};
const filmOf = (shade: number, facts: Partial<RadiographFacts> = {}): EngineInput => ({
  decodeMs: 0,
  image: { side: 256, values: new Float32Array(256 * 256).fill(2 * shade - 1) },
  facts: {
    modality: 'DX',
    viewPosition: 'PA',
    rows: 2,
    columns: 2,
    photometric: 'MONOCHROME2',
    transferSyntax: '1.2.840.10008.1.2',
    lossy: false,
    window: 'full range',
    ...facts,
  },
});
/** Shade 0.75 is 0.5 in [-1, 1]: a latent at the mean. */
const typical = 0.75;
const refusal = (film: EngineInput, codec = codecThat()) =>
  admit(film, codec, gate).then(
    () => 'admitted',
    (error: unknown) =>
      error instanceof CxrError ? `${error.code} ${error.detail.reason ?? ''}` : 'uncoded',
  );

describe('the distance of a latent', () => {
  it('is the mean square of its whitened coordinates', () => {
    // (3−1)²/4 + 1²/1 + (0.5² + 0.5²)/0.25 = 1 + 1 + 2, over four features.
    expect(latentDistance(latent(3, 1, 0.5, -0.5), gate)).toBeCloseTo(1, 12);
    expect(latentDistance(latent(1, 0, 0, 0), gate)).toBe(0);
  });

  it('looks at means over cells', () => {
    const large: Latent = {
      shape: [1, 4, 4],
      values: Float32Array.from([5, 1, 2, 0, 5, 1, 0, 2, 0.5, 0.5, -1, 0, 0.5, 0.5, -1, 0]),
    };
    expect(latentDistance(large, gate)).toBeCloseTo(1, 12);
  });

  it('refuses a gate made for another latent', () => {
    expect(() => latentDistance(latent(0, 0, 0, 0), { ...gate, cells: 1 })).toThrow(/bundle-invalid/);
  });
});

it('the likeness of two images is told in dB of a peak of 2', () => {
  const image = (value: number): EncoderImage => ({ side: 256, values: new Float32Array(16).fill(value) });
  expect(peakSignalToNoise(image(0), image(0.2))).toBeCloseTo(20, 5);
  // Beyond white the codec's image is white.
  expect(peakSignalToNoise(image(0.8), image(7))).toBeCloseTo(20, 5);
  expect(peakSignalToNoise(image(0.5), image(0.5))).toBeGreaterThan(100);
});

describe('the gate', () => {
  it('lets a film like the others through, with what it compared', async () => {
    const { verdict, latent: found } = await admit(filmOf(typical), codecThat(), gate);
    expect(verdict).toMatchObject({ distance: 0, distanceLimit: 2, psnrLimit: 20, inverted: false });
    expect([...found.values]).toEqual([1, 0, 0, 0]);
  });

  it('refuses a latent far away, a large one, and an image that the codec cannot draw', async () => {
    // Shade 0.5 is 10 away from the mean along a direction of variance 4, and so is its inverse.
    expect(await refusal(filmOf(0.5))).toBe('input-unlike-chest nothing like it in training');
    expect(await refusal(filmOf(typical), codecThat({ draws: false }))).toBe(
      'input-unlike-chest nothing like it in training',
    );
    const strict = { ...gate, sizeLimit: 0.4 };
    await expect(admit(filmOf(typical), codecThat(), strict)).rejects.toThrow(/input-unlike-chest/);
  });

  it('refuses an inverted film, but scores one whose tag contradicts its pixels, and says so', async () => {
    expect(await refusal(filmOf(1 - typical))).toBe('input-unlike-chest inverted');
    const mistagged = filmOf(1 - typical, { photometric: 'MONOCHROME1' });
    const { verdict, latent: found } = await admit(mistagged, codecThat(), gate);
    expect(verdict.inverted).toBe(true);
    expect(found.values[0]).toBeCloseTo(1, 6);
  });

  it.each(['LL', 'RL', 'LATERAL', 'RLO'])('refuses the view %s without looking', async (viewPosition) => {
    expect(await refusal(filmOf(typical, { viewPosition }))).toMatch(/^input-view/);
  });

  it.each(['MG', 'PX', 'IO', 'CT'])('refuses the modality %s without looking', async (modality) => {
    expect(await refusal(filmOf(typical, { modality }))).toMatch(/^input-view/);
  });
});

it('a gate whose parts do not fit together is refused', () => {
  expect(gateSchema.safeParse(gate).success).toBe(true);
  expect(gateSchema.safeParse({ ...gate, variances: [1] }).success).toBe(false);
  expect(gateSchema.safeParse({ ...gate, basis: [[1], [0, 1, 0, 0]] }).success).toBe(false);
  expect(gateSchema.safeParse({ ...gate, restVariance: 0 }).success).toBe(false);
});
