import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import type { Scanned } from '../../../contract/ipc/reader.ts';
import { readLocation } from '../../../main/reader/location.ts';
import { scan } from '../../../main/reader/scan.ts';
import { dicomBytes, type Field, sequence } from '../../dicom/dicom-bytes.ts';

const root = mkdtempSync(join(tmpdir(), 'cipherfilm-intake-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let serial = 0;
/** A radiograph of its own. */
const film = (fields: Record<string, Field> = {}): Uint8Array =>
  dicomBytes([1, 2], {
    '00080018': ['00080018', 'UI', `1.2.${++serial}`],
    '00080060': ['00080060', 'CS', 'DX'],
    ...fields,
  });
const put = (name: string, bytes: Uint8Array | string): string => {
  const path = join(root, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, bytes);
  return path;
};
const scanned = async (...paths: string[]): Promise<Scanned[]> => {
  const all: Scanned[] = [];
  const sources = paths.map((path) => ({ kind: 'path', path }) as const);
  for await (const one of scan(sources, new AbortController().signal)) all.push(one);
  return all;
};
const words = (all: readonly Scanned[]) =>
  all.map((one) => (one.kind === 'taken' ? one.name : `${one.name}: ${one.error.code}`));

describe('what was dropped', () => {
  it('finds the radiographs of a folder and says why it left the others', async () => {
    put('folder/b/2.dcm', film());
    put('folder/b/10', film());
    put('folder/notes.txt', 'no radiograph');
    put('folder/slice.dcm', film({ '00080060': ['00080060', 'CS', 'CT'] }));
    put('folder/report.dcm', dicomBytes(null));
    put('folder/.DS_Store', 'x');
    put('folder/Thumbs.db', 'x');
    symlinkSync(join(root, 'folder'), join(root, 'folder', 'loop'));
    expect(words(await scanned(join(root, 'folder')))).toEqual([
      'folder/b/2.dcm',
      'folder/b/10',
      'folder/notes.txt: dicom-not-dicom',
      'folder/report.dcm: dicom-no-pixels',
      'folder/slice.dcm: dicom-not-radiograph',
    ]);
  });

  it('looks into archives, and into archives in archives, by content', async () => {
    const inner = zipSync({ 'deep.dcm': film() });
    const outer = zipSync({
      'a/one.dcm': film(),
      'inner.bin': inner,
      '__MACOSX/a': strToU8('x'),
      'b.txt': strToU8('x'),
    });
    const path = put('study', outer);
    const all = await scanned(path);
    expect(words(all)).toEqual([
      'study/a/one.dcm',
      'study/inner.bin/deep.dcm',
      'study/b.txt: dicom-not-dicom',
    ]);
    const deep = all[1]!;
    if (deep.kind !== 'taken') throw new Error('expected to be taken');
    expect(deep.location).toEqual({ kind: 'file', path, inside: ['inner.bin', 'deep.dcm'] });
    expect((await readLocation(deep.location)).length).toBe(deep.bytes);
  });

  it('opens the files that a DICOMDIR names, and none beside its folder', async () => {
    const record = (...parts: string[]) => sequence('00041220', [['00041500', 'CS', parts.join('\\')]]);
    const directory = (...parts: string[]) => dicomBytes(null, { '00041220': record(...parts) });
    put('cd/IMAGES/IM1', film());
    expect(words(await scanned(put('cd/DICOMDIR', directory('IMAGES', 'IM1'))))).toEqual(['cd/IM1']);
    expect(words(await scanned(put('cd/DICOMDIR', directory('IMAGES', 'GONE'))))).toEqual([
      'cd/GONE: file-unreadable',
    ]);
    expect(words(await scanned(put('cd/DICOMDIR', directory('..', 'folder', 'notes.txt'))))).toEqual([]);
    // In a folder it is an index, and what it lists is found anyway.
    expect(words(await scanned(join(root, 'cd')))).toEqual(['cd/IMAGES/IM1']);
  });

  it('takes bytes that have no path, archives among them', async () => {
    const bytes = zipSync({ 'one.dcm': film() });
    const all: Scanned[] = [];
    const source = { kind: 'bytes', id: 'dropped', name: 'mail.zip', bytes } as const;
    for await (const one of scan([source], new AbortController().signal)) all.push(one);
    expect(words(all)).toEqual(['mail.zip/one.dcm']);
    const [one] = all;
    if (one?.kind !== 'taken') throw new Error('expected to be taken');
    const kept = new Map([['dropped', bytes]]);
    expect((await readLocation(one.location, kept)).length).toBe(one.bytes);
    await expect(readLocation(one.location)).rejects.toMatchObject({ code: 'file-unreadable' });
  });

  it('takes an image once', async () => {
    const bytes = film();
    put('twice/1.dcm', bytes);
    put('twice/2.dcm', bytes);
    expect(words(await scanned(join(root, 'twice')))).toEqual([
      'twice/1.dcm',
      'twice/2.dcm: dicom-duplicate',
    ]);
  });

  it('tells an image that comes twice from another image under its identifier', async () => {
    const uid: Record<string, Field> = { '00080018': ['00080018', 'UI', '1.2.3.9'] };
    const kind: Record<string, Field> = { '00080060': ['00080060', 'CS', 'DX'] };
    put('same/1.dcm', dicomBytes([1, 2], { ...uid, ...kind }));
    // Another header over the same pixels: an exported copy.
    put('same/2.dcm', dicomBytes([1, 2], { ...uid, ...kind, '00100010': ['00100010', 'PN', 'Doe^Jane'] }));
    put('same/3.dcm', dicomBytes([1, 3], { ...uid, ...kind }));
    // A window says how to look at the same values; polarity and rescale say what they are.
    const window: Record<string, Field> = {
      '00281050': ['00281050', 'DS', '1'],
      '00281051': ['00281051', 'DS', '2'],
    };
    put('same/4.dcm', dicomBytes([1, 2], { ...uid, ...kind, ...window }));
    put('same/5.dcm', dicomBytes([1, 2], { ...uid, ...kind, '00280004': ['00280004', 'CS', 'MONOCHROME1'] }));
    put('same/6.dcm', dicomBytes([1, 2], { ...uid, ...kind, '20500020': ['20500020', 'CS', 'INVERSE'] }));
    const rescale: Record<string, Field> = {
      '00281052': ['00281052', 'DS', '5'],
      '00281053': ['00281053', 'DS', '2'],
    };
    put('same/7.dcm', dicomBytes([1, 2], { ...uid, ...kind, ...rescale }));
    expect(words(await scanned(join(root, 'same')))).toEqual([
      'same/1.dcm',
      'same/2.dcm: dicom-duplicate',
      'same/3.dcm: dicom-uid-taken',
      'same/4.dcm: dicom-duplicate',
      'same/5.dcm: dicom-uid-taken',
      'same/6.dcm: dicom-uid-taken',
      'same/7.dcm: dicom-uid-taken',
    ]);
  });

  it('refuses damaged and protected archives with a code', async () => {
    const whole = zipSync({ 'one.dcm': film() });
    expect(words(await scanned(put('cut.zip', whole.subarray(0, whole.length - 30))))).toEqual([
      'cut.zip: archive-unreadable',
    ]);
    const encrypted = Buffer.from(whole);
    // General purpose flag, bit 0, in the local header and in the central directory.
    encrypted[6]! |= 1;
    encrypted[encrypted.indexOf(Buffer.from('PK\x01\x02')) + 8]! |= 1;
    expect(words(await scanned(put('locked.zip', encrypted)))).toEqual([
      'locked.zip/one.dcm: archive-encrypted',
    ]);
  });

  it('never inflates more than an entry declares', async () => {
    const bomb = Buffer.from(zipSync({ 'bomb.dcm': new Uint8Array(4_000_000) }));
    // It declares 1,000 bytes: uncompressed size at offset 24 of its central header.
    bomb.writeUInt32LE(1_000, bomb.indexOf(Buffer.from('PK\x01\x02')) + 24);
    expect(words(await scanned(put('bomb.zip', bomb)))).toEqual(['bomb.zip/bomb.dcm: archive-unreadable']);
  });

  it('says which files it could not read, without their paths', async () => {
    const path = join(root, 'gone.dcm');
    const { location, ...told } = (await scanned(path))[0]!;
    // Main knows where it is; what is told of it does not.
    expect(location).toEqual({ kind: 'file', path, inside: [] });
    expect(told).toEqual({
      kind: 'skipped',
      name: 'gone.dcm',
      error: { code: 'file-unreadable', detail: { reason: 'ENOENT' } },
    });
  });

  it('ends when it is cancelled', async () => {
    const controller = new AbortController();
    controller.abort();
    const run = async () => {
      for await (const _ of scan([{ kind: 'path', path: join(root, 'folder') }], controller.signal));
    };
    await expect(run()).rejects.toMatchObject({ code: 'cancelled' });
  });
});
