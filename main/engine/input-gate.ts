import type { Gate } from '../../contract/bundle.ts';
import { checkShape } from '../../contract/check.ts';
import { CxrError } from '../../contract/errors.ts';
import type { EncoderImage, InputVerdict, Latent, RadiographFacts } from '../../contract/stages.ts';

/** Modalities that never hold a chest film: mammography, panoramic and intra-oral dental, angiography, slices. */
const otherModalities = new Set(['MG', 'PX', 'IO', 'XA', 'CT', 'MR']);
/** View positions of laterals and obliques (PS3.3 C.8.7.1.1, C.8.11.5.1.1); the model has seen frontal films only. */
const otherViews = new Set(['LL', 'RL', 'RLD', 'LLD', 'RLO', 'LLO', 'LAT', 'LATERAL']);

/**
 * The two models that the gate needs. Together they are the *codec*: it turns an image into a latent and draws it
 * again.
 */
export type Codec = {
  readonly encoder: { encode(image: EncoderImage): Promise<Latent> };
  readonly decoder: { decode(latent: Latent): Promise<EncoderImage> };
};

/** An image that the gate let through: what the model sees of it, and how it was judged. */
export type Admitted = {
  readonly latent: Latent;
  readonly image: EncoderImage;
  readonly reconstruction: EncoderImage;
  readonly verdict: InputVerdict;
};

/**
 * Lets frontal chest radiographs through to encryption and refuses everything else. It judges by what the file says, by
 * how far the latent lies from those of the training images, and by how well the codec can draw the image at all.
 *
 * Some exporters tag a file MONOCHROME1 although its pixels are not inverted, so that it looks inverted. Such an image
 * is scored with black and white exchanged, and the verdict says so. Any other inverted image is refused.
 *
 * @returns the latent to encrypt, and both images for the window.
 * @throws  CxrError `input-view`, `input-unlike-chest`, and the errors of encoder and decoder.
 */
export async function admit(
  { facts, image: asTagged }: { readonly facts: RadiographFacts; readonly image: EncoderImage },
  codec: Codec,
  gate: Gate,
): Promise<Admitted> {
  checkFacts(facts);
  const first = await measure(asTagged, codec, gate);
  if (isLikeChest(first.verdict)) return first;
  const turned = await measure(inverted(asTagged), codec, gate);
  if (!isLikeChest(turned.verdict)) throw refusal(first.verdict, 'nothing like it in training');
  if (facts.photometric !== 'MONOCHROME1') throw refusal(first.verdict, 'inverted');
  return { ...turned, verdict: { ...turned.verdict, inverted: true } };
}

function checkFacts({ modality, viewPosition }: RadiographFacts): void {
  if (otherModalities.has(modality)) throw new CxrError('input-view', { modality });
  if (viewPosition !== null && otherViews.has(viewPosition))
    throw new CxrError('input-view', { viewPosition });
}

async function measure(image: EncoderImage, { encoder, decoder }: Codec, gate: Gate): Promise<Admitted> {
  const latent = await encoder.encode(image);
  const reconstruction = await decoder.decode(latent);
  const verdict: InputVerdict = {
    distance: latentDistance(latent, gate),
    distanceLimit: gate.distanceLimit,
    size: Math.sqrt(latent.values.reduce((sum, value) => sum + value * value, 0) / latent.values.length),
    sizeLimit: gate.sizeLimit,
    psnr: peakSignalToNoise(image, reconstruction),
    psnrLimit: gate.psnrLimit,
    inverted: false,
  };
  return { latent, image, reconstruction, verdict };
}

const isLikeChest = (verdict: InputVerdict): boolean =>
  verdict.distance <= verdict.distanceLimit &&
  verdict.size <= verdict.sizeLimit &&
  verdict.psnr >= verdict.psnrLimit;

function refusal(verdict: InputVerdict, reason: string): CxrError {
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

const inverted = ({ values }: EncoderImage): EncoderImage => ({
  side: 256,
  values: values.map((value) => -value),
});

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
