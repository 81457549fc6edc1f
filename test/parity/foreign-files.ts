/**
 * Every file of the parts `dicom-field` and `dicom-corpora` of the sample collection, and what is right for it, which the
 * README beside the files states. The files are small reproductions of faults that users of DICOM software met in public.
 */
export type Wanted =
  /** The display values that lie beside the file, to 0.001, or those beside another file of the same film. */
  | {
      readonly kind: 'truth';
      readonly of?: string;
      readonly change?: (value: number) => number;
      readonly mirrored?: true;
    }
  /** Display values by a formula of the file's stored value, which is known at every pixel. */
  | {
      readonly kind: 'formula';
      readonly stored: 'ramp' | 'cells';
      readonly shown: (stored: number) => number;
    }
  /** SHA-256 of the uncompressed cells, the first 16 digits, as GDCM 3.0.21 writes them (`gdcmconv --raw`). */
  | { readonly kind: 'cells'; readonly digest: string }
  | { readonly kind: 'refused'; readonly code: string };
/** `label` is what the words about the grayscale must say. */
export type ForeignFile = { readonly file: string; readonly want: Wanted; readonly label?: RegExp };

const truth: Wanted = { kind: 'truth' };
const control: Wanted = { kind: 'truth', of: '00-control' };
const unusable = /^full range .*unusable/;

/** By name without `.dcm`; `gate` marks those whose picture is the input gate's business and that are read all the same. */
export const fieldFiles: readonly ForeignFile[] = [
  ...[
    ...['00-control', '01-extended-offset-table', '01b-private-uv', '02b-voi-lut-12-declared'],
    ...[
      '03e-frontal-view-code',
      '04-no-delimiter-eof',
      '04b-no-delimiter-zeros',
      '04c-delimiter-length-ffffffff',
    ],
    ...['05-rle-one-byte-over', '05b-rle-control', '06-jp2-wrapper', '06b-j2k-control'],
    ...['07-j2k-unsigned-stream-signed-13', '08-window-decimal-comma', '08b-slope-decimal-comma'],
    ...['09-voi-lut-un-defined', '09b-voi-lut-un-undefined', '09c-private-un-explicit-inside'],
    ...[
      '10-jls-zero-before-eoi',
      '10b-jls-control',
      '10c-jpegll-ff-after-eoi',
      '10d-jpegll-spaces-after-eoi',
    ],
    ...['12-padding-signed-implicit', '12b-padding-range-limit', '12c-mono1-padding-in-window'],
    ...[
      '13-no-preamble-meta-first',
      '13c-explicit-named-implicit-written',
      '13d-implicit-named-explicit-written',
    ],
    ...[
      '13e-no-transfer-syntax',
      '14-mono1-inverse',
      '14b-mono2-inverse',
      '15-icon-native',
      '15b-icon-encapsulated',
    ],
    ...['16-dirty-high-bits-14', '17b-voi-first-signed-negative-slope', '18-one-implicit-element'],
    ...['18b-implicit-before-window', '18c-implicit-before-photometric', '18d-implicit-before-slope'],
    ...[
      '21c-side-bars-15',
      '21d-no-bars-15',
      '24-pixel-aspect-2-1',
      '25-frames-zero',
      '25b-frames-one-padded',
    ],
    ...['26-iso2022-name', '27-flipud', '27-rot270', '27-rot90', '28-display-shutter'],
  ].map((file): ForeignFile => ({ file, want: truth })),
  { file: '02-voi-lut-16-declared-12-used', want: truth, label: /^VOI LUT \(12 bits, declared 16\)$/ },
  // The gate's: the same film as the control, with another view named.
  ...[
    '03-lateral-view-code',
    '03b-lateral-lower-case',
    '03c-lateral-patient-orientation',
    '03d-lateral-description',
  ].map((file): ForeignFile => ({ file, want: control })),
  // A baseline stream under the name of a lossless one; the truth would be right too.
  { file: '11-baseline-labelled-lossless', want: { kind: 'refused', code: 'dicom-pixels' } },
  // The truth is the film turned over; it is shown as it is stored, with a note.
  { file: '20-mirrored-patient-orientation', want: { kind: 'truth', mirrored: true } },
  // The truth runs from the least to the largest value, 0 … 3466 and 300 … 4095. What is wanted are the findings of the film
  // without margins (21), or open (21b): the whole range of 12 bits does not depend on what else is on the film.
  { file: '21-black-margins', want: { kind: 'truth', change: (value) => (value * 3466) / 4095 } },
  {
    file: '21b-saturated-marker-no-window',
    want: { kind: 'truth', change: (value) => (300 + value * 3795) / 4095 },
  },
  // A LINEAR width below 1: "full range with a note is right by the letter". The slope is 0.0001 and cancels out.
  {
    file: '22-window-below-one',
    want: { kind: 'formula', stored: 'cells', shown: (stored) => stored / 4095 },
    label: unusable,
  },
];

/** LINEAR, centre 1500, width 2000 (PS3.3 C.11.2.1.2.1). */
const window = (value: number): number => Math.min(Math.max((value - 1499.5) / 1999 + 0.5, 0), 1);
/** 64 × 48 pixels whose stored values are 0, 1, 2, … 3071, row by row. */
const ramp = (shown: (stored: number) => number): Wanted => ({ kind: 'formula', stored: 'ramp', shown });
const cells = (digest: string): Wanted => ({ kind: 'cells', digest });

export const corporaFiles: readonly ForeignFile[] = [
  ...[
    ...[
      'pad/00_good_jll',
      'pad/30_jll_pad_20',
      'pad/30_jll_pad_ff',
      'pad/31_jls_pad_20',
      'pad/31_jls_pad_ff',
    ],
    ...['meta/01_frames0', 'meta/02_implicit_body_explicit_uid', 'meta/03_explicit_body_implicit_uid'],
    ...['meta/04_no_preamble_with_meta', 'meta/05_no_transfer_syntax', 'meta/17_implicit_meta'],
    ...['meta/40_double_meta', 'meta/42_be_UN_undefined'],
    ...['slow/00_ref', 'slow/dht_66kB', 'slow/deflated_many_60000'],
  ].map((file): ForeignFile => ({ file, want: ramp(window) })),
  { file: 'pad/wg04_NM1_JLSN_padFF', want: cells('ef694a7ece7018cd') },
  { file: 'scan/wg04_XA1_JPLY_Se0', want: cells('d5f60be5c70a0ee7') },
  { file: 'scan/wg04_MR4_JPLY_Se0_and_padFF', want: cells('05ea6ae7a49cafbc') },
  { file: 'j2k/pydicom_JPEG2000_250bytes', want: cells('0b1224a6dcd0dceb') },
  { file: 'j2k/ELSCINT1_JP2_boxes', want: cells('d76122b17b348685') },
  // A Modality LUT of 4096 entries, 4095 − input.
  ...['lut/12_mlut_sq', 'lut/13_mlut_UN_defined', 'lut/14_mlut_UN_undefined'].map(
    (file): ForeignFile => ({ file, want: ramp((stored) => window(4095 - stored)) }),
  ),
  // A VOI LUT of 4096 entries of 8 bits, 255 − input ÷ 16.
  {
    file: 'lut/15_vlut_UN_defined',
    want: ramp((stored) => (255 - Math.floor(stored / 16)) / 255),
    label: /^VOI LUT$/,
  },
  // Entries 0 … 4095, declared with 12 and with 8 bits.
  { file: 'lut/60_vlut_ok', want: ramp((stored) => stored / 4095), label: /^VOI LUT$/ },
  {
    file: 'lut/62_vlut_bits8_max4095',
    want: ramp((stored) => stored / 4095),
    label: /^VOI LUT \(12 bits, declared 8\)$/,
  },
  { file: 'lut/18_window_outside', want: ramp((stored) => stored / 4095), label: unusable },
  // Padding is 4000 … 4095; the rest are 1000 … 1999.
  {
    file: 'lut/11_padding_range_nowindow',
    want: {
      kind: 'formula',
      stored: 'cells',
      shown: (stored) => (stored >= 4000 ? 0 : (stored - 1000) / 999),
    },
  },
  // Not radiographs of the chest, which the gate refuses; they are read.
  { file: 'gate/cerebrix_SC', want: cells('074fb3623b9b8d4a') },
  { file: 'gate/hand_CR', want: cells('527e68c798007a6d') },
  { file: 'gate/issue140_3x3_OT', want: cells('38a8a367bc91744f') },
  { file: 'gate/shoulder_RF', want: cells('34b6cb0de7a8a884') },
  { file: 'gate/wholebody_NM', want: cells('4daa803879bf4e56') },
];
