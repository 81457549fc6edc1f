import { describe, expect, it } from 'vitest';
import { type Gate, gateSchema } from '../../../contract/bundle.ts';
import { CxrError } from '../../../contract/errors.ts';
import {
  type FilmKind,
  type FilmLimits,
  filmKinds,
  filmLimitsSchema,
} from '../../../contract/image/film-check.ts';
import {
  type OrientationName,
  orientationNames,
  orientationOf,
} from '../../../contract/image/orientation.ts';
import { nothingStated, type StatedContent } from '../../../contract/image/stated-content.ts';
import type { EncoderImage, EngineInput, Latent, RadiographFacts } from '../../../contract/stages.ts';
import {
  admit,
  type GateModels,
  latentDistance,
  peakSignalToNoise,
} from '../../../main/engine/input-gate.ts';

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
const filmLimits: FilmLimits = {
  format: 'cipherfilm-film-check/1',
  kinds: [...filmKinds],
  wholeLimit: 0.1,
  mirroredLimit: 0.6,
  certain: 0.98,
};
const limits = { gate, filmLimits };
const latent = (...values: number[]): Latent => ({ shape: [1, 2, 2], values: Float32Array.from(values) });

/** The network's answer where it is sure of one kind. */
const kindly = (kind: FilmKind, probability = 0.99): Float32Array =>
  Float32Array.from(filmKinds, (one) =>
    one === kind ? probability : (1 - probability) / (filmKinds.length - 1),
  );

/** Encodes the mean shade to the first feature, and draws every image as it is, or black. */
const codecThat = ({ draws = true } = {}): GateModels => {
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
    // A film whose mean is dark is taken for an inverted one, any other for an upright one.
    filmCheck: {
      judge: async ({ values }) =>
        kindly(values.reduce((sum, value) => sum + value, 0) < 0 ? 'inverted' : 'upright'),
    },
  };
};
const filmOf = (shade: number, facts: Partial<RadiographFacts> = {}): EngineInput => ({
  decodeMs: 0,
  content: nothingStated,
  field: { top: 0, left: 0, rows: 256, columns: 256 },
  // Half of the pixels are lighter by 7/32 and the rest darker, in a pattern that looks the same from every side.
  image: {
    side: 256,
    values: Float32Array.from({ length: 256 * 256 }, (_, at) => {
      const [across, down] = [at % 256, Math.floor(at / 256)].map((place) =>
        Math.floor(Math.abs(place - 127.5)),
      );
      return 2 * shade - 1 + ((across! + down!) % 2 === 0 ? 0.4375 : -0.4375);
    }),
  },
  facts: {
    modality: 'DX',
    viewPosition: 'PA',
    rows: 256,
    columns: 256,
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
  admit(film, codec, limits).then(
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
    const { verdict, latent: found } = await admit(filmOf(typical), codecThat(), limits);
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
    await expect(admit(filmOf(typical), codecThat(), { ...limits, gate: strict })).rejects.toThrow(
      /input-unlike-chest/,
    );
  });

  it('refuses an inverted film, but scores one whose tag contradicts its pixels, and says so', async () => {
    expect(await refusal(filmOf(1 - typical))).toBe('input-unlike-chest inverted');
    const mistagged = filmOf(1 - typical, { photometric: 'MONOCHROME1' });
    const { verdict, latent: found } = await admit(mistagged, codecThat(), limits);
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

/** An input whose film lies so: a bright quarter is its patient's upper left, which an upright film has above on the right. */
const filmLying = (name: OrientationName, content: Partial<StatedContent> = {}): EngineInput => {
  const corners = {
    upright: [1, 0],
    'turned left': [0, 0],
    'upside down': [0, 1],
    'turned right': [1, 1],
  } as const;
  const mirroredCorners = {
    mirrored: [0, 0],
    'mirrored and turned left': [0, 1],
    'mirrored and upside down': [1, 1],
    'mirrored and turned right': [1, 0],
  } as const;
  const [right, below] = { ...corners, ...mirroredCorners }[name];
  const film = filmOf(typical);
  const values = film.image.values.map((value, at) => {
    const [x, y] = [at % 256, Math.floor(at / 256)];
    return x >= 128 === (right === 1) && y >= 128 === (below === 1) ? value + 0.03 : value;
  });
  return { ...film, image: { side: 256, values }, content: { ...nothingStated, ...content } };
};
/** A check that sees nothing but where the bright quarter is; it cannot tell mirrored films from turned ones. */
const sees = (kinds: (image: EncoderImage) => Float32Array): GateModels => ({
  ...codecThat(),
  filmCheck: { judge: async (image) => kinds(image) },
});
const sameValues = (one: EncoderImage, other: EncoderImage): boolean =>
  one.values.every((value, at) => value === other.values[at]);
const brightAboveRight = ({ values }: EncoderImage) =>
  values[5 * 256 + 250]! > values[5 * 256 + 5]! && values[5 * 256 + 250]! > values[250 * 256 + 250]!;
const uprightOr = (kind: FilmKind, probability?: number) =>
  sees((image) => (brightAboveRight(image) ? kindly('upright') : kindly(kind, probability)));

describe('a film that does not lie upright', () => {
  it.each(orientationNames.slice(1))('%s is turned upright where the file says so', async (name) => {
    const orientation = orientationOf(orientationNames.indexOf(name));
    const { verdict, image } = await admit(filmLying(name, { orientation }), uprightOr(name), limits);
    expect(verdict.doubts).toEqual([{ kind: 'turned', from: name, by: 'header' }]);
    // The very pixels of the upright film.
    expect(sameValues(image, filmLying('upright').image)).toBe(true);
  });

  it('is refused where only the film shows it, with how sure that is', async () => {
    const refused = await admit(filmLying('upside down'), uprightOr('upside down'), limits).catch((e) => e);
    expect(refused.coded).toEqual({
      code: 'input-turned',
      detail: { reason: 'upside down', got: 0.99, isCertain: true },
    });
    const unsure = await admit(filmLying('turned left'), uprightOr('turned left', 0.7), limits).catch(
      (e) => e,
    );
    expect(unsure.detail).toMatchObject({ reason: 'turned left', isCertain: false });
  });

  it('is turned where only the film shows it if somebody asked for that, and it is certain', async () => {
    const asked = { ...filmLying('upside down'), turnsByPicture: true };
    const { verdict, image } = await admit(asked, uprightOr('upside down'), limits);
    expect(verdict.doubts).toEqual([{ kind: 'turned', from: 'upside down', by: 'picture' }]);
    expect(sameValues(image, filmLying('upright').image)).toBe(true);
    expect(await refusal(asked, uprightOr('upside down', 0.97))).toBe('input-turned upside down');
    // Taken for upside down, but not upright when it is turned so.
    expect(await refusal(asked, uprightOr('turned left'))).toBe('input-turned turned left');
  });

  it('is scored as it is, with a doubt, where the file says so and the film shows another', async () => {
    const { verdict, image } = await admit(
      filmLying('upright', { orientation: orientationOf(4) }),
      uprightOr('mirrored'),
      limits,
    );
    expect(verdict.doubts).toEqual([{ kind: 'orientation-contradicted', stated: 'mirrored' }]);
    expect(sameValues(image, filmLying('upright').image)).toBe(true);
  });

  it('looks mirrored where the heart lies on the right: it passes with a doubt if the file says upright', async () => {
    const mirrored = sees(() => kindly('mirrored'));
    await expect(admit(filmOf(typical), mirrored, limits)).rejects.toThrow(/input-turned.*mirrored/);
    const stated = { ...filmOf(typical), content: { ...nothingStated, orientation: orientationOf(0) } };
    expect((await admit(stated, mirrored, limits)).verdict.doubts).toEqual([{ kind: 'looks-mirrored' }]);
  });
});

describe('what the film check refuses', () => {
  it('is a part of a chest, and what is no chest', async () => {
    expect(
      await refusal(
        filmOf(typical),
        sees(() => kindly('part of a chest')),
      ),
    ).toBe('input-part ');
    expect(
      await refusal(
        filmOf(typical),
        sees(() => kindly('no chest')),
      ),
    ).toBe('input-unlike-chest no chest');
  });

  it('is told as a doubt where the film passes by a little', async () => {
    // 0.3 and 0.07 for mirrored: nearer to the limit of 0.1 than to 1.
    const { verdict } = await admit(
      filmOf(typical),
      sees(() => kindly('upright', 0.3)),
      limits,
    );
    expect(verdict.doubts).toEqual([{ kind: 'unsure' }]);
  });
});

describe('what the header says', () => {
  const stating = (content: Partial<StatedContent>, facts: Partial<RadiographFacts> = {}): EngineInput => ({
    ...filmOf(typical, facts),
    content: { ...nothingStated, ...content },
  });
  it.each(['NM', 'PT', 'US', 'RTIMAGE', 'XA'])('refuses the modality %s', async (modality) => {
    expect(await refusal(stating({}, { modality }))).toMatch(/^input-view/);
  });
  it('refuses another part of the body, raw data, and a child under two', async () => {
    expect(await refusal(stating({ bodyPart: 'HAND' }))).toBe('input-view ');
    expect(await refusal(stating({ bodyPart: 'CHEST' }))).toBe('admitted');
    expect(await refusal(stating({ isRaw: true }))).toBe('input-raw ');
    expect(await refusal(stating({ isInfant: true }))).toBe('input-infant ');
  });
  it('is told as doubts: one side, another kind of device, ribs', async () => {
    const { verdict } = await admit(
      stating({ side: 'left', bodyPart: 'RIBS' }, { modality: 'OT' }),
      codecThat(),
      limits,
    );
    expect(verdict.doubts).toEqual([
      { kind: 'modality', modality: 'OT' },
      { kind: 'body-part', bodyPart: 'RIBS' },
      { kind: 'side', side: 'left' },
    ]);
  });
});

describe('size and exposure', () => {
  const sized = (rows: number, columns: number, facts: Partial<RadiographFacts> = {}): EngineInput => ({
    ...filmOf(typical, facts),
    field: { top: 0, left: 0, rows, columns },
  });
  it('refuses an image of a few rows, and one that is long and narrow', async () => {
    expect(await refusal(sized(1, 64))).toBe('input-size small');
    expect(await refusal(sized(63, 500))).toBe('input-size small');
    expect(await refusal(sized(1001, 400))).toBe('input-size narrow');
  });
  it('tells what was cut off, and that there are few pixels', async () => {
    const { verdict } = await admit(sized(100, 200, { rows: 200, columns: 200 }), codecThat(), limits);
    expect(verdict.doubts).toEqual([
      { kind: 'cropped', rows: 0.5, columns: 1 },
      { kind: 'small', rows: 100, columns: 200 },
    ]);
  });
  /** An image of which this share has one brightness and the rest runs evenly from black to white. */
  const mixed = (share: number, level: number): EngineInput => ({
    ...filmOf(typical),
    image: {
      side: 256,
      values: Float32Array.from({ length: 65_536 }, (_, at) =>
        at < share * 65_536 ? level : -0.95 + (1.9 * at) / 65_536,
      ),
    },
  });
  const dull: EngineInput = {
    ...filmOf(typical),
    image: { side: 256, values: Float32Array.from({ length: 65_536 }, (_, at) => 0.3 + 0.3 * (at / 65_536)) },
  };
  it('refuses a film without contrast, and one that is mostly white or black', async () => {
    // From 0.65 to 0.8 of the range: the middle nine tenths take 0.135, which is rounded to 0.13 as a float.
    await expect(admit(dull, codecThat(), limits)).rejects.toThrow(/input-exposure.*flat.*0.13/);
    expect(await refusal(mixed(0.3, 1))).toBe('input-exposure white');
    expect(await refusal(mixed(0.75, -1))).toBe('input-exposure black');
  });
});

it('limits for other kinds of films than this program knows are refused', () => {
  expect(filmLimitsSchema.safeParse(filmLimits).success).toBe(true);
  expect(filmLimitsSchema.safeParse({ ...filmLimits, kinds: filmKinds.slice(1) }).success).toBe(false);
});

it('a gate whose parts do not fit together is refused', () => {
  expect(gateSchema.safeParse(gate).success).toBe(true);
  expect(gateSchema.safeParse({ ...gate, variances: [1] }).success).toBe(false);
  expect(gateSchema.safeParse({ ...gate, basis: [[1], [0, 1, 0, 0]] }).success).toBe(false);
  expect(gateSchema.safeParse({ ...gate, restVariance: 0 }).success).toBe(false);
});
