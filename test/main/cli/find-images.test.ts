import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printable } from '../../../main/cli/printable.ts';
import { type Found, findImages } from '../../../main/cli/sources/find-images.ts';
import { readStandardInput } from '../../../main/cli/sources/standard-input.ts';
import { openReader } from '../../../main/host/headless.ts';
import type { ReaderHost } from '../../../main/host/reader-host.ts';
import { dicomBytes, sequence } from '../../dicom/dicom-bytes.ts';
import { smallFilm } from '../../e2e/small-film.ts';

let folder: string;
let reader: ReaderHost;
const at = (...parts: string[]) => join(folder, ...parts);
const going = new AbortController().signal;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipherfilm-find-'));
  for (const name of ['films/deeper', 'cd/IMAGES', 'empty']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at('films', 'b10.dcm'), smallFilm('1', 'AP'));
  writeFileSync(at('films', 'b2.dcm'), smallFilm('2', 'AP'));
  writeFileSync(at('films', 'deeper', 'c.dcm'), smallFilm('3', 'AP'));
  writeFileSync(at('films', 'notes.txt'), 'no radiograph');
  writeFileSync(at('study.zip'), zipSync({ 'x/1.dcm': smallFilm('4', 'AP'), 'readme.txt': strToU8('no') }));
  const record = sequence('00041220', [['00041500', 'CS', 'IMAGES\\IM1']]);
  writeFileSync(at('cd', 'DICOMDIR'), dicomBytes(null, { '00041220': record }));
  writeFileSync(at('cd', 'IMAGES', 'IM1'), smallFilm('5', 'AP'));
  reader = openReader();
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Each file with `image` or the code of its error, and a star when it was named itself. */
async function found(paths: readonly string[], input = Readable.from([]), signal = going) {
  const all = await findImages(paths, { reader, input, signal });
  return all.map((one) => {
    const file = relative(folder, one.file).startsWith('..') ? one.file : relative(folder, one.file);
    return `${file.replaceAll(sep, '/')} ${'location' in one ? 'image' : one.error.code}${one.isNamed ? ' *' : ''}`;
  });
}

describe('the paths of the command line', () => {
  it('lead into folders, archives and DICOMDIRs, and every file is accounted for by its path', async () => {
    expect(
      await found([at('films'), at('study.zip'), at('cd', 'DICOMDIR'), at('films', 'notes.txt')]),
    ).toEqual([
      'films/b2.dcm image',
      'films/b10.dcm image',
      'films/deeper/c.dcm image',
      'films/notes.txt dicom-not-dicom',
      'study.zip/x/1.dcm image',
      'study.zip/readme.txt dicom-not-dicom',
      'cd/IMAGES/IM1 image',
      'films/notes.txt dicom-not-dicom *',
    ]);
  });

  it('keep the form in which they were given', async () => {
    const given = relative(process.cwd(), at('films'));
    for (const path of [given, `.${sep}${given}`, `${given}${sep}`]) {
      const [first] = await findImages([path], { reader, input: Readable.from([]), signal: going });
      expect(first?.file).toBe(`${path.endsWith(sep) ? path.slice(0, -1) : path}${sep}b2.dcm`);
    }
  });

  it('find an image twice that is named twice', async () => {
    const path = at('films', 'b2.dcm');
    expect(await found([path, path])).toEqual(['films/b2.dcm image *', 'films/b2.dcm image *']);
  });

  it('may be patterns, which are matched in the order of numbers, and not when such a file is there', async () => {
    expect(await found([at('films', '*.dcm')])).toEqual(['films/b2.dcm image *', 'films/b10.dcm image *']);
    expect(await found([at('**', '*.dcm')])).toEqual([
      'films/b2.dcm image *',
      'films/b10.dcm image *',
      'films/deeper/c.dcm image *',
    ]);
    writeFileSync(at('b[1].dcm'), smallFilm('6', 'AP'));
    expect(await found([at('b[1].dcm')])).toEqual(['b[1].dcm image *']);
  });

  it('name what matches nothing, holds nothing or is not there', async () => {
    expect(await found([at('*.dicom'), at('empty'), at('gone')])).toEqual([
      '*.dicom nothing-found *',
      'empty nothing-found *',
      'gone file-unreadable *',
    ]);
  });

  it('are cancelled by an interruption', async () => {
    const over = AbortSignal.abort();
    expect(await found([at('films'), '-'], Readable.from([]), over)).toEqual([
      'films cancelled *',
      '- cancelled *',
    ]);
  });
});

describe('standard input', () => {
  it('is one file called -, which the reader can read again from memory', async () => {
    const film = smallFilm('7', 'AP');
    const input = Readable.from([Buffer.from(film.subarray(0, 100)), Buffer.from(film.subarray(100))]);
    const [one] = await findImages(['-'], { reader, input, signal: going });
    expect(one).toMatchObject({ file: '-', isNamed: true, location: { kind: 'memory', inside: [] } });
    const location = (one as Extract<Found, { location: unknown }>).location;
    expect((await reader.request({ kind: 'input', location })).facts.viewPosition).toBe('AP');
  });

  it('is given up when it is longer than a file may be', async () => {
    let taken = 0;
    async function* endless() {
      for (;;) {
        taken += 1;
        yield Buffer.alloc(10);
      }
    }
    // Three chunks of ten bytes are the first that are more than 25.
    await expect(readStandardInput(Readable.from(endless()), going, 25)).rejects.toMatchObject({
      code: 'dicom-too-large',
      detail: { bytes: 30, expected: 25 },
    });
    expect(taken).toBeLessThan(100);
  });

  it('that never comes is no longer waited for after an interruption', async () => {
    const abort = new AbortController();
    const read = readStandardInput(new Readable({ read: () => {} }), abort.signal);
    abort.abort();
    await expect(read).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('a name on a terminal', () => {
  it('cannot command it', () => {
    expect(printable('a.zip/\u001b[2Jx\u202e.dcm')).toBe('a.zip/\\u001b[2Jx\\u202e.dcm');
    expect(printable('Müller – 1.dcm')).toBe('Müller – 1.dcm');
  });
});
