import { z } from 'zod';
import type { Film } from '../image/film.ts';

/**
 * What the reader posts on its port to the window. Main makes the channel and sees none of it. The ticket is the
 * preload's own: it names the request that the film answers.
 */
export type FilmMessage = { readonly ticket: string; readonly film: Film };

/** No detector is longer on one side; the area has a smaller limit of its own (dicom/image.ts). */
const longestSide = 65_535;
/** Values that 16 bits can have. */
const mostCodes = 65_536;

const side = z.int().min(1).max(longestSide);
const range = z.object({ low: z.number(), high: z.number() });
const photometric = z.enum(['MONOCHROME1', 'MONOCHROME2']);
const voi = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('window'),
    window: z.object({
      center: z.number(),
      width: z.number(),
      shape: z.enum(['LINEAR', 'LINEAR_EXACT', 'SIGMOID']),
    }),
  }),
  z.object({
    kind: z.literal('table'),
    lut: z.object({ first: z.number(), bits: z.int(), entries: z.instanceof(Uint16Array) }),
  }),
  z.object({ kind: z.literal('range'), low: z.number(), high: z.number() }),
]);

const point = z.object({ x: z.number(), y: z.number() });
const shutter = z.object({
  shapes: z
    .array(
      z.discriminatedUnion('kind', [
        z.object({
          kind: z.literal('rectangle'),
          left: z.number(),
          top: z.number(),
          right: z.number(),
          bottom: z.number(),
        }),
        z.object({ kind: z.literal('circle'), center: point, radius: z.number().positive() }),
        z.object({ kind: z.literal('polygon'), points: z.array(point).min(3).max(1_024) }),
      ]),
    )
    .max(3),
  grey: z.int().min(0).max(255),
});
const overlay = z.object({
  kind: z.enum(['graphics', 'region']),
  runs: z.instanceof(Uint32Array).refine(({ length }) => length % 3 === 0),
});

const film = z
  .object({
    rows: side,
    columns: side,
    aspect: z.number().positive(),
    codes: z.instanceof(Uint16Array),
    modality: z.instanceof(Float64Array).refine(({ length }) => length >= 1 && length <= mostCodes),
    modalityName: z.string().max(256).nullable(),
    meaning: z.object({
      unit: z.string().max(64).nullable(),
      relationship: z.enum(['LIN', 'LOG', 'DISP']).nullable(),
    }),
    stored: z.object({ signed: z.boolean(), low: z.number(), high: z.number() }),
    photometric,
    vois: z.array(z.object({ name: z.string().max(256), voi })).max(1_024),
    voiProblem: z.boolean(),
    range,
    percentiles: z
      .array(range.extend({ percent: z.number() }))
      .min(1)
      .max(8),
    shutter: shutter.nullable(),
    overlays: z.array(overlay).max(16),
    overlayProblem: z.boolean(),
    facts: z.object({
      modality: z.string(),
      viewPosition: z.string().nullable(),
      rows: side,
      columns: side,
      photometric,
      transferSyntax: z.string(),
      lossy: z.boolean(),
      window: z.string(),
    }),
    lossy: z.boolean(),
  })
  .refine(({ rows, columns, codes }) => codes.length === rows * columns);

const filmMessageSchema = z.object({ ticket: z.uuid(), film });

/** A message of the reader, which reads files of strangers: null for anything but a whole film with a ticket. */
export const parseFilmMessage = (message: unknown): FilmMessage | null =>
  filmMessageSchema.safeParse(message).data ?? null;
