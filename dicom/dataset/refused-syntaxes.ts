/** The part that the UIDs of compressed syntaxes have in common. */
const compressed = '1.2.840.10008.1.2.4';

/** Retired JPEG processes by the last number of their UID (PS3.6 table A-1). */
const retiredJpeg: Readonly<Record<number, string>> = {
  52: 'Extended (Process 3 and 5)',
  53: 'Spectral Selection, Non-Hierarchical (Process 6 and 8)',
  54: 'Spectral Selection, Non-Hierarchical (Process 7 and 9)',
  55: 'Full Progression, Non-Hierarchical (Process 10 and 12)',
  56: 'Full Progression, Non-Hierarchical (Process 11 and 13)',
  58: 'Lossless, Non-Hierarchical (Process 15)',
  59: 'Extended, Hierarchical (Process 16 and 18)',
  60: 'Extended, Hierarchical (Process 17 and 19)',
  61: 'Spectral Selection, Hierarchical (Process 20 and 22)',
  62: 'Spectral Selection, Hierarchical (Process 21 and 23)',
  63: 'Full Progression, Hierarchical (Process 24 and 26)',
  64: 'Full Progression, Hierarchical (Process 25 and 27)',
  65: 'Lossless, Hierarchical (Process 28)',
  66: 'Lossless, Hierarchical (Process 29)',
};

/** Moving pictures by the end of their UID; each has a second one whose pictures may be cut into fragments. */
const videos: Readonly<Record<number, string>> = {
  100: 'MPEG2 Main Profile / Main Level',
  101: 'MPEG2 Main Profile / High Level',
  102: 'MPEG-4 AVC/H.264 High Profile / Level 4.1',
  103: 'MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1',
  104: 'MPEG-4 AVC/H.264 High Profile / Level 4.2 for 2D video',
  105: 'MPEG-4 AVC/H.264 High Profile / Level 4.2 for 3D video',
  106: 'MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2',
};

/**
 * The syntaxes that the standard knows and that are refused, retired ones too, and one of a maker that is met in the field
 * (PS3.6 table A-1). A refusal names them, so that one can say what to convert.
 */
export const refusedSyntaxes: ReadonlyMap<string, string> = new Map([
  ...Object.entries(retiredJpeg).map(([end, name]): [string, string] => [
    `${compressed}.${end}`,
    `JPEG ${name} (retired)`,
  ]),
  ...Object.entries(videos).flatMap(([end, name]): [string, string][] => [
    [`${compressed}.${end}`, name],
    [`${compressed}.${end}.1`, `Fragmentable ${name}`],
  ]),
  ['1.2.840.10008.1.2.1.98', 'Encapsulated Uncompressed Explicit VR Little Endian'],
  [`${compressed}.92`, 'JPEG 2000 Part 2 Lossless'],
  [`${compressed}.93`, 'JPEG 2000 Part 2'],
  [`${compressed}.94`, 'JPIP Referenced'],
  [`${compressed}.95`, 'JPIP Referenced Deflate'],
  [`${compressed}.107`, 'HEVC/H.265 Main Profile / Level 5.1'],
  [`${compressed}.108`, 'HEVC/H.265 Main 10 Profile / Level 5.1'],
  [`${compressed}.110`, 'JPEG XL Lossless'],
  [`${compressed}.111`, 'JPEG XL JPEG Recompression'],
  [`${compressed}.112`, 'JPEG XL'],
  [`${compressed}.204`, 'JPIP HTJ2K Referenced'],
  [`${compressed}.205`, 'JPIP HTJ2K Referenced Deflate'],
  ['1.2.840.10008.1.2.6.1', 'RFC 2557 MIME encapsulation (retired)'],
  ['1.2.840.10008.1.2.6.2', 'XML Encoding (retired)'],
  ['1.2.840.10008.1.2.7.1', 'SMPTE ST 2110-20 Uncompressed Progressive Active Video'],
  ['1.2.840.10008.1.2.7.2', 'SMPTE ST 2110-20 Uncompressed Interlaced Active Video'],
  ['1.2.840.10008.1.2.7.3', 'SMPTE ST 2110-30 PCM Digital Audio'],
  ['1.2.840.10008.1.2.8.1', 'Deflated Image Frame Compression'],
  ['1.2.840.10008.1.20', 'Papyrus 3 Implicit VR Little Endian (retired)'],
  ['1.2.840.113619.5.2', 'Implicit VR Big Endian (GE, private)'],
]);
