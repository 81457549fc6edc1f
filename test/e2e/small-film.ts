import { dicomBytes, type Field } from '../dicom/dicom-bytes.ts';

/** A small film of stripes, of a study and a view of its own. No chest: a frontal one is refused. */
export function smallFilm(study: string, view: string): Uint8Array {
  const pixels = Array.from({ length: 64 * 64 }, (_, index) => (index % 8 < 4 ? 0 : 4095));
  const fields: readonly Field[] = [
    ['00080018', 'UI', `1.2.3.${study}.1`],
    ['0020000d', 'UI', `1.2.3.${study}`],
    ['0020000e', 'UI', `1.2.3.${study}.0`],
    ['00185101', 'CS', view],
    ['00280010', 'US', [64]],
    ['00280011', 'US', [64]],
  ];
  return dicomBytes(pixels, Object.fromEntries(fields.map((field) => [field[0], field])));
}
