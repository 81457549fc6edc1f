import { strToU8, zipSync } from 'fflate';
import { CxrError } from '../../../contract/errors.ts';
import { entriesOf, isZip, readEntry } from '../../../main/reader/zip.ts';
import { mutate, numbers } from '../../dicom/file-mutations.ts';

/** What came of mutated archives: how often each outcome, and the longest time that one took, ms. */
export type ZipMutations = {
  readonly outcomes: Record<string, number>;
  slowestMs: number;
  largestBytes: number;
};

/** No entry of the subjects inflates to more. */
const mostBytes = 1_000_000;

/** Small archives: stored and deflated entries, folders, one in another, a comment, none, one that says it is encrypted. */
function subjects(): readonly Uint8Array[] {
  const inner = zipSync({ 'deep/film.dcm': strToU8('film '.repeat(50)), 'empty.txt': new Uint8Array() });
  const locked = zipSync({ 'film.dcm': strToU8('film') });
  // Bit 0 of the flags, in the entry's own header and in the directory.
  locked[6]! |= 1;
  const directory = Buffer.from(locked).lastIndexOf('PK\x01\x02', undefined, 'latin1');
  locked[directory + 8]! |= 1;
  return [
    zipSync({
      'a.dcm': [strToU8('stored '.repeat(20)), { level: 0 }],
      'b/c.dcm': strToU8('deflated '.repeat(40)),
    }),
    zipSync({ 'outer.txt': strToU8('text'), 'inner.zip': inner }),
    zipSync({ 'x.dcm': [strToU8('x'), { comment: 'a comment' }] }, { comment: 'of the archive' }),
    zipSync({}),
    locked,
  ];
}

/** The preamble of DICOM files is not changed by `mutate`; an archive has none, so that it gets one and loses it again. */
const preamble = new Uint8Array(128);

/**
 * Lists `count` mutated archives as a scan does, and reads every entry, also those of archives in them.
 *
 * @throws Error for anything but entries or a coded refusal.
 */
export async function runZipMutations(count: number, seed: number): Promise<ZipMutations> {
  const archives = subjects().map((zip) => Buffer.concat([preamble, zip]));
  const next = numbers(seed);
  const counts: ZipMutations = { outcomes: {}, slowestMs: 0, largestBytes: 0 };
  for (let index = 0; index < count; index += 1) {
    const bytes = mutate(archives[index % archives.length]!, next).subarray(preamble.length);
    const started = performance.now();
    const outcome = await outcomeOf(bytes);
    if (!/^(read|archive-[a-z-]+|file-unreadable|dicom-too-large)$/.test(outcome))
      throw new TypeError(`mutation ${index} of seed ${seed}: ${outcome}`);
    counts.outcomes[outcome] = (counts.outcomes[outcome] ?? 0) + 1;
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - started);
    if (index % 1000 === 0) counts.largestBytes = Math.max(counts.largestBytes, process.memoryUsage().rss);
  }
  return counts;
}

async function outcomeOf(bytes: Uint8Array): Promise<string> {
  try {
    await readAll(bytes, 2);
    return 'read';
  } catch (thrown) {
    if (thrown instanceof CxrError) return thrown.code;
    return String(thrown instanceof Error ? thrown.stack : thrown);
  }
}

async function readAll(archive: Uint8Array, depth: number): Promise<void> {
  for await (const { name } of entriesOf(archive)) {
    const bytes = await readEntry(archive, name, mostBytes);
    if (bytes.length > mostBytes) throw new TypeError(`${bytes.length} bytes of at most ${mostBytes}`);
    if (depth > 0 && isZip(bytes)) await readAll(bytes, depth - 1);
  }
}
