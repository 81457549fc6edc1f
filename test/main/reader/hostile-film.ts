import { dicomBytes, type Field } from '../../dicom/dicom-bytes.ts';

/** What the decoders of `hostile-entry.ts` do: loop for ever, fill memory outside or inside V8's heap, kill their process. */
export type Misdeed = 'hang' | 'hoard' | 'heap' | 'die';

const misdeeds: readonly Misdeed[] = ['hang', 'hoard', 'heap', 'die'];

let serial = 0;

/** A radiograph of 8 × 8 pixels with a UID of its own. */
export const film = (fields: Record<string, Field> = {}): Uint8Array =>
  dicomBytes(
    Array.from({ length: 64 }, (_, index) => index),
    {
      '00080018': ['00080018', 'UI', `1.2.${++serial}`],
      '00280010': ['00280010', 'US', [8]],
      '00280011': ['00280011', 'US', [8]],
      ...fields,
    },
  );

/** The same, which makes the decoders of `hostile-entry.ts` misbehave when it is scanned or when it is decoded. */
export const hostileFilm = (misdeed: Misdeed, when: 'inspect' | 'decode'): Uint8Array =>
  film({ '00204000': ['00204000', 'LT', `${when} ${misdeed}!`] });

/** @returns null for a film that is no such film, or at the other step. */
export function misdeedOf(bytes: Uint8Array, when: 'inspect' | 'decode'): Misdeed | null {
  return misdeeds.find((misdeed) => Buffer.from(bytes).includes(`${when} ${misdeed}!`)) ?? null;
}
