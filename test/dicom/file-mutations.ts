import { deflateRawSync } from 'node:zlib';
import { CxrError } from '../../contract/errors.ts';
import { toInput } from '../../dicom/encoder-input.ts';
import { toFilm } from '../../dicom/film.ts';
import { readHeader } from '../../dicom/header.ts';
import { encodeRle } from './codecs/rle-encoder.ts';
import { readStreamFixtures, streamSize, syntheticImage } from './codecs/streams.ts';
import { dataset, file, forms, itemOf, meta, sequenceOf, syntaxOf, written } from './dataset/written.ts';
import { encapsulatedBytes, imageFields, part10, plantedName } from './dicom-bytes.ts';

/** What came of mutated files: how often each code, and the longest time that one took, ms. */
export type FileMutations = {
  readonly outcomes: Record<string, number>;
  slowestMs: number;
  largestBytes: number;
};

/** Files of every form and coding, small, so that a change is likely to matter. */
function subjects(): readonly Uint8Array[] {
  const lut = (form: (typeof forms)[number], order = form.order) =>
    itemOf(
      order,
      Buffer.concat([
        written(form, '00283002', 'US', [4, 0, 12]),
        written(form, '00283003', 'LO', plantedName),
        written(form, '00283006', 'OW', [0, 1000, 2000, 4095]),
      ]),
      true,
    );
  const plain = forms.flatMap((form) => {
    const further = {
      '00100010': written(form, '00100010', 'PN', plantedName),
      '00181600': written(form, '00181600', 'CS', 'RECTANGULAR\\POLYGONAL '),
      '00181620': written(form, '00181620', 'IS', '1\\1\\1\\2\\2\\2'),
      '00280120': written(form, '00280120', 'US', [0]),
      '00283010': sequenceOf(form, '00283010', 'SQ', lut(form), true),
      '60000010': written(form, '60000010', 'US', [2]),
      '60000011': written(form, '60000011', 'US', [2]),
      '60003000': written(form, '60003000', 'OW', [5]),
    };
    const modality = { '00283000': sequenceOf(form, '00283000', 'UN', lut(form), false) };
    return [
      file(meta(syntaxOf(form)), dataset(form, further)),
      file(meta(syntaxOf(form)), dataset(form, form.vr === 'explicit' ? modality : {})),
      new Uint8Array(dataset(form, further)),
    ];
  });
  const little = forms[0]!;
  const deflated = part10('1.2.840.10008.1.2.1.99', deflateRawSync(dataset(little)));
  const coded = readStreamFixtures().map((fixture) =>
    encapsulatedBytes(
      [new Uint8Array(Buffer.from(fixture.stream, 'base64'))],
      imageFields({ ...streamSize, ...fixture }),
      fixture.syntax,
    ),
  );
  const cells = new Uint8Array(Uint16Array.from(syntheticImage(12, false)).buffer);
  const layout = imageFields({ ...streamSize, bitsAllocated: 16, bitsStored: 12 });
  const rle = encapsulatedBytes([encodeRle(cells, 16)], layout, '1.2.840.10008.1.2.5');
  return [...plain, deflated, ...coded, rle];
}

/** One to four changes: bits, bytes, numbers that matter, bytes lost, doubled, moved, or the end cut off. */
export function mutate(valid: Uint8Array, next: () => number): Uint8Array {
  const pick = (count: number): number => Math.floor(next() * count);
  const words = [0, 1, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, valid.length];
  let bytes = Uint8Array.from(valid);
  for (let change = pick(4); change >= 0 && bytes.length > 8; change -= 1) {
    // The preamble says nothing.
    const at = Math.min(
      bytes.length > 200 ? 128 + pick(bytes.length - 128) : pick(bytes.length),
      bytes.length - 5,
    );
    const kind = pick(9);
    if (kind < 2) bytes[at]! ^= 1 << pick(8);
    else if (kind === 2) bytes[at] = pick(256);
    else if (kind === 3) new DataView(bytes.buffer).setUint32(at, words[pick(words.length)]!, pick(2) === 0);
    else if (kind === 4) new DataView(bytes.buffer).setUint16(at, words[pick(5)]!, pick(2) === 0);
    else if (kind === 5) bytes = bytes.slice(0, at);
    else if (kind === 6)
      bytes = Uint8Array.from(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + pick(64))]));
    else if (kind === 7)
      bytes = Uint8Array.from(Buffer.concat([bytes.subarray(0, at + pick(64)), bytes.subarray(at)]));
    else bytes.fill(pick(256), at, at + pick(32));
  }
  return bytes;
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Gives `count` mutated files to the reader, as the reader process does: header, then film, and of every eighth film what the
 * engine is given too.
 *
 * @throws Error for anything but a film or a refusal with a `dicom-…` code without the patient's name.
 */
export async function runFileMutations(count: number, seed: number): Promise<FileMutations> {
  const files = subjects();
  const next = numbers(seed);
  const counts: FileMutations = { outcomes: {}, slowestMs: 0, largestBytes: 0 };
  for (let index = 0; index < count; index += 1) {
    const bytes = mutate(files[index % files.length]!, next);
    const started = performance.now();
    const outcome = await outcomeOf(bytes, index % 8 === 0);
    if (!/^(film|dicom-[a-z-]+)$/.test(outcome))
      throw new TypeError(`mutation ${index} of seed ${seed}: ${outcome}`);
    counts.outcomes[outcome] = (counts.outcomes[outcome] ?? 0) + 1;
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - started);
    if (index % 1000 === 0) counts.largestBytes = Math.max(counts.largestBytes, process.memoryUsage().rss);
  }
  return counts;
}

async function outcomeOf(bytes: Uint8Array, isReduced: boolean): Promise<string> {
  try {
    readHeader(bytes);
    const { facts } = await toFilm(bytes);
    const content = isReduced ? (await toInput(bytes)).content : null;
    return JSON.stringify([facts, content]).includes('PLANTED') ? 'facts with a name' : 'film';
  } catch (thrown) {
    if (!(thrown instanceof CxrError)) return String(thrown instanceof Error ? thrown.stack : thrown);
    return `${thrown.stack}`.includes('PLANTED') ? 'error with a name' : thrown.code;
  }
}
