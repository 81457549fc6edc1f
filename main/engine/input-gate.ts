import type { Gate } from '../../contract/bundle.ts';
import { checkShape } from '../../contract/check.ts';
import { CxrError } from '../../contract/errors.ts';
import type { Doubt } from '../../contract/image/doubt.ts';
import type { FilmLimits } from '../../contract/image/film-check.ts';
import type { Orientation } from '../../contract/image/orientation.ts';
import type { EncoderImage, EngineInput, InputVerdict, Latent } from '../../contract/stages.ts';
import { checkExposure, checkSize, lowContrast } from './gate/exposure.ts';
import { bringUpright, type Judge } from './gate/film-check.ts';
import { checkStated } from './gate/stated-content.ts';

/**
 * The models that the gate needs. Encoder and decoder are the *codec*: it turns an image into a latent and draws it
 * again.
 */
export type GateModels = {
  readonly encoder: { encode(image: EncoderImage): Promise<Latent> };
  readonly decoder: { decode(latent: Latent): Promise<EncoderImage> };
  readonly filmCheck: Judge;
};
/** The limits of a bundle's gate. */
export type GateLimits = { readonly gate: Gate; readonly filmLimits: FilmLimits };

/** An image that the gate let through: what the model sees of it, and how it was judged. */
export type Admitted = {
  readonly latent: Latent;
  readonly image: EncoderImage;
  readonly reconstruction: EncoderImage;
  readonly verdict: InputVerdict;
  /** How the film lay before it was turned upright. */
  readonly lay: Orientation;
};

type Measured = Omit<Admitted, 'verdict' | 'lay'> & {
  readonly verdict: Omit<InputVerdict, 'inverted' | 'doubts'>;
};

/**
 * Lets whole, upright, frontal chest radiographs through to encryption and refuses everything else. It judges by what the file
 * says, by size and exposure, by a network that sees how the film lies and what of it is there, by how far the latent lies
 * from those of the training images, and by how well the codec can draw the image at all. What it doubts and lets pass is
 * part of the verdict.
 *
 * @returns the latent to encrypt, and both images for the window.
 * @throws  CxrError `input-view`, `input-raw`, `input-infant`, `input-size`, `input-exposure`, `input-turned`, `input-part`,
 *          `input-unlike-chest`, and the errors of the models.
 */
export async function admit(
  input: Omit<EngineInput, 'decodeMs'>,
  models: GateModels,
  { gate, filmLimits }: GateLimits,
): Promise<Admitted> {
  const { facts, content, image } = input;
  const doubts: Doubt[] = [...checkStated(facts, content), ...checkSize(input), ...checkExposure(image)];
  const righted = await bringUpright(image, input, models.filmCheck, filmLimits, {
    isLikeChest: async () => isLikeChest((await measure(image, models, gate)).verdict),
    refuse: async (reason) => refusal((await measure(image, models, gate)).verdict, reason),
  });
  const seen = await measure(righted.image, models, gate);
  if (!isLikeChest(seen.verdict))
    throw lowContrast(image) ?? refusal(seen.verdict, 'nothing like it in training');
  const { inverted, lay } = righted;
  return { ...seen, lay, verdict: { ...seen.verdict, inverted, doubts: [...righted.doubts, ...doubts] } };
}

async function measure(image: EncoderImage, { encoder, decoder }: GateModels, gate: Gate): Promise<Measured> {
  const latent = await encoder.encode(image);
  const reconstruction = await decoder.decode(latent);
  const verdict = {
    distance: latentDistance(latent, gate),
    distanceLimit: gate.distanceLimit,
    size: Math.sqrt(latent.values.reduce((sum, value) => sum + value * value, 0) / latent.values.length),
    sizeLimit: gate.sizeLimit,
    psnr: peakSignalToNoise(image, reconstruction),
    psnrLimit: gate.psnrLimit,
  };
  return { latent, image, reconstruction, verdict };
}

const isLikeChest = (verdict: Measured['verdict']): boolean =>
  verdict.distance <= verdict.distanceLimit &&
  verdict.size <= verdict.sizeLimit &&
  verdict.psnr >= verdict.psnrLimit;

function refusal(
  verdict: Measured['verdict'],
  reason: 'nothing like it in training' | 'inverted' | 'no chest',
): CxrError {
  const { distanceLimit, sizeLimit, psnrLimit } = verdict;
  const [distance, size, psnr] = [verdict.distance, verdict.size, verdict.psnr].map(
    (value) => Math.round(value * 100) / 100,
  ) as [number, number, number];
  return new CxrError('input-unlike-chest', {
    reason,
    distance,
    distanceLimit,
    size,
    sizeLimit,
    psnr,
    psnrLimit,
  });
}

/**
 * Measures how far a latent lies from those of the training images. These are described by a Gaussian: a mean, a
 * variance along each direction of the basis, and one variance for all other directions. The distance is the mean of
 * the squared coordinates, each divided by its variance. It is about 1 for an image like the training images.
 *
 * @throws CxrError 'bundle-invalid' when gate and latent do not fit each other.
 * @see Tipping, Bishop, "Probabilistic principal component analysis", 1999.
 */
export function latentDistance({ values, shape }: Latent, gate: Gate): number {
  const pooled = averagePool(values, shape, gate.cells);
  checkShape(gate.mean, [pooled.length], 'bundle-invalid');
  const centred = pooled.map((value, index) => value - gate.mean[index]!);
  let rest = centred.reduce((sum, value) => sum + value * value, 0);
  let distance = 0;
  for (const [index, direction] of gate.basis.entries()) {
    const coordinate = direction.reduce((sum, part, at) => sum + part * centred[at]!, 0);
    distance += (coordinate * coordinate) / gate.variances[index]!;
    rest -= coordinate * coordinate;
  }
  return (distance + Math.max(rest, 0) / gate.restVariance) / pooled.length;
}

/** Averages every channel over cells×cells equal parts. The result goes channel by channel and row by row. */
function averagePool(
  values: Float32Array,
  [channels, rows, columns]: Latent['shape'],
  cells: number,
): Float64Array {
  const pooled = new Float64Array(channels * cells * cells);
  const [height, width] = [rows / cells, columns / cells];
  for (let channel = 0; channel < channels; channel += 1)
    for (let y = 0; y < rows; y += 1)
      for (let x = 0; x < columns; x += 1) {
        const cell = (channel * cells + Math.floor(y / height)) * cells + Math.floor(x / width);
        pooled[cell]! += values[(channel * rows + y) * columns + x]! / (height * width);
      }
  return pooled;
}

/**
 * Measures how like its original the codec's drawing of an image is: the peak signal-to-noise ratio, dB. Images lie in
 * [-1, 1], so that the peak is 2. What the codec draws beyond that is cut.
 */
export function peakSignalToNoise(image: EncoderImage, reconstruction: EncoderImage): number {
  let squares = 0;
  for (let index = 0; index < image.values.length; index += 1) {
    const drawn = Math.min(Math.max(reconstruction.values[index]!, -1), 1);
    squares += (image.values[index]! - drawn) ** 2;
  }
  return 10 * Math.log10(4 / Math.max(squares / image.values.length, 1e-12));
}
