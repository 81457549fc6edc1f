import { z } from 'zod';
import { orientationNames } from './orientation.ts';

/**
 * What the *film check* tells apart: a small network that sees how a film lies, and whether it shows a whole chest. The eight
 * ways of lying come first. training/gate/film_kinds.py has the same list.
 */
export const filmKinds = [...orientationNames, 'inverted', 'part of a chest', 'no chest'] as const;
export type FilmKind = (typeof filmKinds)[number];

const share = z.number().min(0).max(1);

/** The limits of the film check, `client/film-check.json`; training/gate/fit_film.py sets them on plain films. */
export const filmLimitsSchema = z.object({
  format: z.literal('cipherfilm-film-check/1'),
  /** The kinds whose probabilities the network gives, in its order. */
  kinds: z
    .array(z.string())
    .refine((kinds) => kinds.join() === filmKinds.join(), 'the kinds that this program knows'),
  /** The least probability of a whole chest that is not turned, mirrored or not, that is let through. */
  wholeLimit: share,
  /** The largest probability of a mirrored film that is let through. */
  mirroredLimit: share,
  /** From this probability on the way a film lies counts as known. */
  certain: share,
});
export type FilmLimits = z.infer<typeof filmLimitsSchema>;
