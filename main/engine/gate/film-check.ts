import { CxrError } from '../../../contract/errors.ts';
import type { Doubt } from '../../../contract/image/doubt.ts';
import { type FilmKind, type FilmLimits, filmKinds } from '../../../contract/image/film-check.ts';
import {
  nameOf,
  type Orientation,
  type OrientationName,
  orientationNames,
  orientationOf,
  upright,
} from '../../../contract/image/orientation.ts';
import type { EncoderImage, EngineInput } from '../../../contract/stages.ts';
import { inverted, turnUpright } from './turn-image.ts';

/** The network that tells how a film lies and whether it shows a whole chest. */
export type Judge = { judge(image: EncoderImage): Promise<Float32Array> };

/** What the codec says of the image: whether it is like the training films, and an error with its measures. */
export type SecondOpinion = {
  isLikeChest(): Promise<boolean>;
  refuse(reason: 'inverted' | 'no chest'): Promise<CxrError>;
};

/** A film that is upright and whole, if need be after it was turned, with what is to be said of it. */
export type Righted = {
  readonly image: EncoderImage;
  readonly inverted: boolean;
  /** How it lay before. */
  readonly lay: Orientation;
  readonly doubts: readonly Doubt[];
};

/**
 * What the network saw of one image, and the most probable kind of those that may not pass. `isClose` where the film passes by
 * a little: its probability is nearer to the limit than to 1.
 */
type Seen = {
  readonly isWhole: boolean;
  readonly isMirrored: boolean;
  readonly isClose: boolean;
  readonly kind: FilmKind;
  readonly probability: number;
};

const [uprightAt, mirroredAt] = [filmKinds.indexOf('upright'), filmKinds.indexOf('mirrored')];

async function look(image: EncoderImage, check: Judge, limits: FilmLimits): Promise<Seen> {
  const found = await check.judge(image);
  const whole = found[uprightAt]! + found[mirroredAt]!;
  const isWhole = whole >= limits.wholeLimit;
  const isMirrored = found[mirroredAt]! > limits.mirroredLimit;
  const others = [...filmKinds.keys()].filter((kind) => kind !== uprightAt);
  const kind = isWhole
    ? mirroredAt
    : others.reduce((most, next) => (found[next]! > found[most]! ? next : most));
  return {
    ...{ isWhole, isMirrored, isClose: whole < (1 + limits.wholeLimit) / 2 },
    kind: filmKinds[kind]!,
    probability: found[kind]!,
  };
}

/** A kind is named as the reason from this probability on. */
const clear = 0.5;

const passes = (seen: Seen): boolean => seen.isWhole && !seen.isMirrored;
const unsure = (seen: Seen): Doubt[] => (seen.isClose ? [{ kind: 'unsure' }] : []);

/**
 * Brings a film upright where its header says how it lies and the film agrees. What only the film shows, it refuses, and says
 * how to turn it, unless somebody asked that it is turned. Some exporters tag a file MONOCHROME1 although its pixels are not inverted: such a film is taken with black
 * and white exchanged.
 *
 * @param codec  what the codec says of the same image, which is asked only where the film is refused.
 * @throws CxrError `input-turned`, `input-part`, `input-unlike-chest`.
 */
export async function bringUpright(
  image: EncoderImage,
  { content, facts, turnsByPicture }: Pick<EngineInput, 'content' | 'facts' | 'turnsByPicture'>,
  check: Judge,
  limits: FilmLimits,
  codec: SecondOpinion,
): Promise<Righted> {
  const stated = content.orientation;
  const statedName = stated === null ? null : nameOf(stated);
  const seen = await look(image, check, limits);
  if (stated !== null && statedName !== null && statedName !== 'upright') {
    const turned = turnUpright(image, stated);
    const after = await look(turned, check, limits);
    if (passes(after))
      return {
        image: turned,
        inverted: false,
        lay: stated,
        doubts: [{ kind: 'turned', from: statedName, by: 'header' }, ...unsure(after)],
      };
    if (passes(seen))
      return {
        image,
        inverted: false,
        lay: upright,
        doubts: [{ kind: 'orientation-contradicted', stated: statedName }],
      };
  }
  if (passes(seen)) return { image, inverted: false, lay: upright, doubts: unsure(seen) };
  if (seen.isWhole && statedName === 'upright')
    return { image, inverted: false, lay: upright, doubts: [{ kind: 'looks-mirrored' }, ...unsure(seen)] };
  const turned = turnsByPicture === true ? await turnedByPicture(image, seen, check, limits) : null;
  if (turned !== null) return turned;
  const negative = inverted(image);
  const after = await look(negative, check, limits);
  if (seen.kind === 'inverted' && passes(after) && facts.photometric === 'MONOCHROME1')
    return { image: negative, inverted: true, lay: upright, doubts: unsure(after) };
  throw await refusalOf(seen, after, limits, codec);
}

/** The film as it shows itself that it lies, turned upright; null where that is not certain, or it is not upright then. */
async function turnedByPicture(
  image: EncoderImage,
  { kind, probability }: Seen,
  check: Judge,
  limits: FilmLimits,
): Promise<Righted | null> {
  if (!isOrientation(kind) || probability < limits.certain) return null;
  const lay = orientationOf(orientationNames.indexOf(kind));
  const turned = turnUpright(image, lay);
  const after = await look(turned, check, limits);
  if (!passes(after)) return null;
  return {
    image: turned,
    inverted: false,
    lay,
    doubts: [{ kind: 'turned', from: kind, by: 'picture' }, ...unsure(after)],
  };
}

/** Says what was seen: of an image that is unlike all kinds nothing but that it is no chest. */
async function refusalOf(
  seen: Seen,
  negative: Seen,
  limits: FilmLimits,
  codec: SecondOpinion,
): Promise<CxrError> {
  const { kind, probability } = seen;
  const isClear = probability >= clear;
  const isNegative = passes(negative) || (isOrientation(negative.kind) && negative.probability >= clear);
  if (kind === 'inverted' && isNegative) return codec.refuse('inverted');
  // A test pattern can look a little mirrored and else like a chest.
  if (isOrientation(kind) && (isClear || (seen.isWhole && (await codec.isLikeChest()))))
    return new CxrError('input-turned', {
      reason: kind,
      got: rounded(probability),
      isCertain: probability >= limits.certain,
    });
  if (kind === 'part of a chest' && isClear) return new CxrError('input-part', { got: rounded(probability) });
  return codec.refuse('no chest');
}

const isOrientation = (kind: FilmKind): kind is OrientationName =>
  (orientationNames as readonly string[]).includes(kind);

const rounded = (value: number): number => Math.round(value * 100) / 100;
