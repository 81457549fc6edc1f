import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { fewestCustodians, mostCustodians } from '../../../contract/ipc/custodians.ts';
import { readExport, writeExport, writeShares } from '../../../main/vault/exports/export-file.ts';
import type { KeyFacts } from '../../../main/vault/exports/export-header.ts';
import { fingerprintOf, fingerprintWords } from '../../../main/vault/fingerprint.ts';
import { importKey, inspectKey, save } from '../../../main/vault/keys/key-files.ts';
import { factsOf } from '../../../main/vault/keys/key-records.ts';
import { writeShareSheets } from '../../../main/vault/keys/share-sheets.ts';
import { Vault } from '../../../main/vault/vault.ts';
import { adding, cheapKdf, codeOf, passphrase, recordOf, seedOf, systemKey, vaultFolder } from './fixture.ts';
import { runKeyFileMutations } from './key-file-mutations.ts';
import { digestBytes, digested } from './key-files.ts';
import { exportOnPage, openShares, product, quotient } from './second-reader.ts';

const seed = seedOf(1);
const record = recordOf(seed);
const none = { passphrase: null, identity: null };
const bytesOf = (texts: readonly string[]) => texts.map((text) => Buffer.from(text, 'latin1'));
const sharesFor = async (of: number, about: KeyFacts = factsOf(record)) =>
  bytesOf(await writeShares(seed, about, of));
const open = (first: Uint8Array, ...others: Uint8Array[]) => readExport(first, ...others).open(none);
/** The numbers of two different files of a set. */
const pairs = fc
  .integer({ min: fewestCustodians, max: mostCustodians })
  .chain((of) => fc.tuple(fc.constant(of), fc.nat(of - 1), fc.nat(of - 1)))
  .filter(([, one, other]) => one !== other);
/** The bytes of the third line. */
const sealedOf = (file: Buffer) => Buffer.from(file.toString('latin1').split('\n')[2]!, 'base64url');

describe('a key of several custodians', () => {
  it('opens to any two of them, and to any more together', async () => {
    const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const opens = async ([of, one, other]: [number, number, number], made: Uint8Array) => {
      const about = { ...factsOf(record), fingerprint: fingerprintOf(made) };
      const files = bytesOf(await writeShares(made, about, of));
      expect(files).toHaveLength(of);
      expect((await open(files[one]!, files[other]!)).equals(made)).toBe(true);
      expect((await open(files[0]!, ...files.slice(1))).equals(made)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(pairs, seeds, opens), { numRuns: 60 });
  });

  it('opens to none of them alone, who is told which others would do', async () => {
    for (const [index, file] of (await sharesFor(5)).entries())
      await expect(open(file)).rejects.toMatchObject({
        code: 'key-share-missing',
        detail: { number: index + 1, of: 5 },
      });
  });

  it('says nothing to one of them alone: each secret fits his share as well as every other', () => {
    const bytes = fc.nat(255);
    const points = fc.integer({ min: 1, max: 255 });
    const fits = (y1: number, x1: number, secret: number, x2: number) => {
      fc.pre(x1 !== x2);
      // The line through (0, secret) and (x1, y1) has a value at x2, whatever the secret is.
      const y2 = secret ^ product(quotient(y1 ^ secret, x1), x2);
      expect(quotient(product(y1, x2) ^ product(y2, x1), x1 ^ x2)).toBe(secret);
    };
    fc.assert(fc.property(bytes, points, bytes, points, fits));
  });

  it('is split anew each time, with points that are never 0 and never twice the same', async () => {
    const values = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      const shares = (await sharesFor(8)).map((file) => sealedOf(file).subarray(0, 33));
      const points = shares.map((share) => share[32]!);
      expect(new Set(points).size).toBe(8);
      expect(points).not.toContain(0);
      for (const share of shares) values.add(share.toString('hex'));
    }
    expect(values.size).toBe(160);
  });

  it('is refused with the same share twice, with one of another set, and with what is no share', async () => {
    const [first, second] = (await sharesFor(3)) as [Buffer, Buffer, Buffer];
    const [, otherSecond] = (await sharesFor(3)) as [Buffer, Buffer, Buffer];
    const noShare = Buffer.from(
      await writeExport(seed, factsOf(record), { kind: 'passphrase', passphrase }, cheapKdf()),
      'latin1',
    );
    const refused = (...files: [Buffer, ...Buffer[]]) => codeOf(() => open(...files));
    expect(await refused(first, first)).toBe('key-share-same');
    expect(await refused(first, second, first)).toBe('key-share-same');
    expect(await refused(first, otherSecond)).toBe('key-share-foreign');
    expect(await refused(first, noShare)).toBe('key-share-foreign');
    expect(await refused(noShare, first)).toBe('key-share-foreign');
    expect(await refused(noShare, noShare)).toBe('key-share-foreign');
    expect(await refused(first, Buffer.from('a letter'))).toBe('key-file-foreign');
  });

  it('is refused where one of three shares is not that of the set, although the two others are', async () => {
    const [first, second, third] = (await sharesFor(3)) as [Buffer, Buffer, Buffer];
    const [magic, header] = third.toString('latin1').split('\n');
    const sealed = sealedOf(third);
    sealed[0]! ^= 1;
    const forged = digested(`${magic}\n${header}\n${sealed.toString('base64url')}\n`);
    expect(await codeOf(() => open(first, second, forged))).toBe('key-file-altered');
    expect(await codeOf(() => open(first, second, third))).toBe('opened');
  });

  it('is refused with a share at the point 0, which would decide alone', async () => {
    const [first, second] = (await sharesFor(3)) as [Buffer, Buffer, Buffer];
    const [magic, header] = second.toString('latin1').split('\n');
    const sealed = sealedOf(second);
    sealed[32] = 0;
    const forged = digested(`${magic}\n${header}\n${sealed.toString('base64url')}\n`);
    for (const files of [[first, forged], [forged, first], [forged]] as [Buffer, ...Buffer[]][])
      expect(await codeOf(() => open(...files))).toBe('key-file-altered');
  });

  it('is refused where the headers of one set differ, or a share claims another number', async () => {
    const [first, second] = (await sharesFor(4)) as [Buffer, Buffer, Buffer, Buffer];
    const claimed = (file: Buffer, share: object, about: object = {}) => {
      const [magic, header, sealed] = file.toString('latin1', 0, file.length - digestBytes).split('\n');
      const json = JSON.parse(Buffer.from(header!, 'base64url').toString('utf8'));
      const changed = { ...json, share: { ...json.share, ...share }, about: { ...json.about, ...about } };
      const text = Buffer.from(JSON.stringify(changed), 'utf8').toString('base64url');
      return digested(`${magic}\n${text}\n${sealed}\n`);
    };
    const refused = (...files: [Buffer, ...Buffer[]]) => codeOf(() => open(...files));
    expect(await refused(first, claimed(second, { number: 3 }))).toBe('key-file-altered');
    expect(await refused(first, claimed(second, { of: 5 }))).toBe('key-file-altered');
    expect(await refused(first, claimed(second, {}, { label: 'Room 5' }))).toBe('key-file-altered');
    for (const both of [{ of: 5 }, { set: 'ab'.repeat(16) }])
      expect(await refused(claimed(first, both), claimed(second, both))).toBe('key-file-altered');
    for (const wrong of [
      { of: 2 },
      { of: 9 },
      { threshold: 1 },
      { threshold: 3 },
      { number: 5 },
      { number: 0 },
    ])
      expect(await refused(claimed(first, wrong), claimed(second, wrong))).toBe('key-file-altered');
    expect(await refused(claimed(first, {}), claimed(second, {}))).toBe('opened');
  });

  it('never comes in from a set in which a file was changed, and the present key stays', async () => {
    const fuzzSeed = Number(process.env.FAST_CHECK_SEED ?? 20261123);
    const { codes, slowestMs } = await runKeyFileMutations(2_000, fuzzSeed, ['shares']);
    expect(codes).not.toHaveProperty('imported');
    for (const code of ['key-file-foreign', 'key-file-altered', 'key-share-foreign'])
      expect(codes).toHaveProperty(code);
    expect(slowestMs).toBeLessThan(2_000);
  }, 120_000);
});

describe('a second reader, written from docs/key-format.md alone,', () => {
  it('multiplies as the document says', () => {
    // FIPS 197, section 4.2.
    expect(product(0x57, 0x83)).toBe(0xc1);
    expect(quotient(0xc1, 0x83)).toBe(0x57);
  });

  it('opens any two shares of a set, and none with itself or with one of another set', async () => {
    const files = await sharesFor(4, { ...factsOf(record), label: 'Röntgen „4“' });
    for (const [at, one] of files.entries())
      for (const [beside, other] of files.entries()) {
        if (at === beside) expect(() => openShares(one, other)).toThrow('the numbers differ');
        else expect(openShares(one, other).equals(seed)).toBe(true);
      }
    const [foreign] = await sharesFor(4);
    expect(() => openShares(files[1]!, foreign!)).toThrow('everything but number');
  });

  it('opens the pages as they are written into a folder', async () => {
    using place = vaultFolder();
    using vault = await Vault.open({ folder: null, systemKey: null });
    vault.update(adding(seed));
    await writeShareSheets(vault, record.fingerprint, 3, place.folder);
    const pages = readdirSync(place.folder).map((name) => readFileSync(join(place.folder, name), 'utf8'));
    expect(openShares(exportOnPage(pages[0]!), exportOnPage(pages[2]!)).equals(seed)).toBe(true);
  });
});

describe('the pages of several custodians', () => {
  async function written(of: number) {
    const place = vaultFolder();
    using from = await Vault.open({ folder: null, systemKey: null });
    from.update(adding(seed));
    const folder = join(place.folder, 'pages');
    mkdirSync(folder);
    const bytes = await writeShareSheets(from, record.fingerprint, of, folder);
    const files = readdirSync(folder)
      .toSorted()
      .map((name) => join(folder, name));
    return { ...place, folder, files, bytes };
  }

  it('say whose they are, which one each is, and that one opens nothing; they run and load nothing', async () => {
    using place = await written(3);
    const pages = place.files.map((file) => readFileSync(file, 'utf8'));
    const [set] = /<dt>Words of this set of pages<\/dt><dd>([a-z]+ [a-z]+ [a-z]+)</.exec(pages[0]!)!.slice(1);
    for (const [index, page] of pages.entries()) {
      expect(page).toContain(`<h1>Cipherfilm key, page ${index + 1} of 3</h1>`);
      expect(page).toContain('This page alone opens nothing.');
      expect(page).toContain(fingerprintWords(record.fingerprint).join(' '));
      expect(page).toContain(record.fingerprint);
      expect(page).toContain(`<dd>${set}</dd>`);
      expect(page).toContain("default-src 'none'");
      expect(page).toContain('<svg');
      expect(page).not.toMatch(/<script|src=|href=|url\(/);
    }
    expect(
      place.files.map((file) =>
        file
          .split('/')
          .at(-1)!
          .replace(/^.*-(?=page)/, ''),
      ),
    ).toEqual([1, 2, 3].map((number) => `page-${number}-of-3.html`));
    expect(place.bytes).toBe(place.files.reduce((sum, file) => sum + statSync(file).size, 0));
    if (process.platform !== 'win32')
      for (const file of place.files) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('bring the key to another workstation, two at a time, and the one that was there is kept', async () => {
    using place = await written(3);
    const [first, second, third] = place.files as [string, string, string];
    for (const pair of [
      [first, second],
      [third, first],
      [first, second, third],
    ]) {
      using to = await Vault.open({ folder: null, systemKey: null });
      to.update(adding(seedOf(2)));
      const facts = await inspectKey(to, pair, null, record.parameters);
      expect(facts).toMatchObject({ sealing: 'shares', key: { fingerprint: record.fingerprint } });
      await importKey(to, pair, null, record);
      expect(to.body.keys.map(({ fingerprint, state }) => [fingerprint, state])).toEqual([
        [recordOf(seedOf(2)).fingerprint, 'retired'],
        [record.fingerprint, 'active'],
      ]);
      expect(to.seed(record.fingerprint).equals(seed)).toBe(true);
    }
  });

  it('are refused alone, twice and beside those of an earlier backup; nothing changes then', async () => {
    using place = await written(3);
    using earlier = await written(3);
    using to = await Vault.open({ folder: place.folder, systemKey });
    to.update(adding(seedOf(2)));
    const before = readFileSync(join(place.folder, 'vault.json'));
    const take = (...files: string[]) => codeOf(() => importKey(to, files, null, record));
    expect(await take(place.files[0]!)).toBe('key-share-missing');
    expect(await take(place.files[0]!, place.files[0]!)).toBe('key-share-same');
    expect(await take(place.files[0]!, earlier.files[1]!)).toBe('key-share-foreign');
    expect(await take(...Array<string>(9).fill(place.files[0]!))).toBe('key-share-foreign');
    expect(await take()).toBe('key-share-foreign');
    expect(readFileSync(join(place.folder, 'vault.json')).equals(before)).toBe(true);
  });

  it('are all there or none, where one cannot be written', async () => {
    using place = vaultFolder();
    using vault = await Vault.open({ folder: null, systemKey: null });
    vault.update(adding(seed));
    const refused = (folder: string) => codeOf(() => writeShareSheets(vault, record.fingerprint, 3, folder));
    expect(await refused(join(place.folder, 'gone'))).toBe('key-unsaved');
    expect(existsSync(join(place.folder, 'gone'))).toBe(false);
    const file = join(place.folder, 'file');
    writeFileSync(file, '');
    expect(await refused(file)).toBe('key-unsaved');
    // Two pages that were left behind would open the key.
    let saved = 0;
    const disk = (path: string, page: string) => {
      saved += 1;
      if (saved === 3) throw new CxrError('key-unsaved', { reason: 'ENOSPC' });
      save(path, page);
    };
    const full = () => writeShareSheets(vault, record.fingerprint, 3, place.folder, disk);
    expect([await codeOf(full), saved]).toEqual(['key-unsaved', 3]);
    expect(readdirSync(place.folder)).toEqual(['file']);
  });
});
