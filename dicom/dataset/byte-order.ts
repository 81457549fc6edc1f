/**
 * Exchanges the two bytes of every 16-bit word, which turns big endian into little endian and back (DICOM PS3.5 7.3).
 *
 * @returns a copy. An odd last byte stays where it is.
 */
export function swapWords(bytes: Uint8Array): Uint8Array {
  // Not slice(): a Buffer's shares its memory.
  const swapped = new Uint8Array(bytes);
  for (let at = 0; at + 1 < swapped.length; at += 2) {
    swapped[at] = bytes[at + 1]!;
    swapped[at + 1] = bytes[at]!;
  }
  return swapped;
}
