import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  generateIdentity,
  readExport,
  writeExport,
} from '../../../main/vault/exports/export-file.ts';
import { factsOf } from '../../../main/vault/keys/key-records.ts';
import { Vault } from '../../../main/vault/vault.ts';
import { findProgram } from '../../programs.ts';
import { titled } from '../../titled.ts';
import { adding, cheapKdf, codeOf, passphrase, recordOf, seedOf, vaultFolder } from './fixture.ts';
import { fingerprintOf, openVault, openWithAge, openWithPassphrase } from './second-reader.ts';

const seed = seedOf(1);
const record = recordOf(seed);
const fixture = (name: string) =>
  readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'keys', name));
const sharedWith = async (...addresses: string[]) =>
  Buffer.from(await writeExport(seed, factsOf(record), { kind: 'addresses', addresses }), 'latin1');

describe('a second reader, written from docs/key-format.md alone,', () => {
  it('imports nothing of the program', () => {
    const source = readFileSync(join(import.meta.dirname, 'second-reader.ts'), 'utf8');
    expect([...source.matchAll(/from '([^']+)'/g)].map(([, from]) => from)).toEqual(['node:crypto']);
  });

  it('opens an export with its passphrase and finds the fingerprint', async () => {
    // Decomposed and wide letters mean the same passphrase.
    const typed = 'Ｖｉｏｌｅｔ ánvil drizzle cathode'.normalize('NFD');
    const label = 'Röntgen „4“ \\ \u2028';
    const to = { kind: 'passphrase', passphrase: typed.normalize('NFKC') } as const;
    const kdf = { ...cheapKdf(), memoryKiB: 16_384, passes: 2, lanes: 3 };
    const text = await writeExport(seed, { ...factsOf(record), label }, to, kdf);
    const opened = openWithPassphrase(Buffer.from(text, 'latin1'), typed);
    expect(opened.equals(seed)).toBe(true);
    expect(fingerprintOf(opened)).toBe(record.fingerprint);
    expect(() => openWithPassphrase(Buffer.from(text, 'latin1'), `${typed} `)).toThrow();
  });

  it('opens the files that version 1 wrote: an export and a vault', () => {
    expect(openWithPassphrase(fixture('passphrase-1.key'), passphrase).equals(seed)).toBe(true);
    const seeds = openVault(fixture('vault-1.json').toString('utf8'), passphrase);
    expect([...seeds].map(([name, bytes]) => name === fingerprintOf(bytes))).toEqual([true]);
  });

  it('opens a vault that this program writes today', async () => {
    using place = vaultFolder();
    using vault = await Vault.open({ folder: place.folder, systemKey: null });
    vault.update(adding(seed));
    vault.update(adding(seedOf(2)));
    await vault.protect({ passphrase, system: false });
    const seeds = openVault(readFileSync(place.file, 'utf8'), passphrase);
    expect([...seeds.values()].map((bytes) => bytes[0])).toEqual([1, 2]);
  });
});

const lacks = ['age', 'age-keygen'].filter((name) => findProgram(name) === null);
const reason = lacks.length === 0 ? null : `this machine has no ${lacks.join(' and no ')}`;
describe.skipIf(reason !== null)(titled('the program age', reason), () => {
  /** An identity file as `age-keygen` writes it, and its address. */
  function keygen(folder: string): {
    readonly file: string;
    readonly identity: string;
    readonly address: string;
  } {
    const file = join(folder, 'identity.txt');
    execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' });
    const address = execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim();
    return { file, identity: /^AGE-SECRET-KEY-1\w+$/m.exec(readFileSync(file, 'utf8'))![0], address };
  }
  const decrypt = (file: string) => (sealed: Buffer) =>
    execFileSync('age', ['-d', '-i', file], { input: sealed });

  it('opens an export for an identity that age-keygen made, and so do we', async () => {
    using place = vaultFolder();
    const { file, identity, address } = keygen(place.folder);
    const shared = await sharedWith(address);
    expect(openWithAge(shared, decrypt(file)).equals(seed)).toBe(true);
    const ours = readExport(shared);
    expect(ours.sealing).toBe('x25519');
    expect((await ours.open({ passphrase: null, identity })).equals(seed)).toBe(true);
  });

  it('opens an export for an identity that we made, beside another recipient', async () => {
    using place = vaultFolder();
    const identity = await generateX25519Identity();
    const file = join(place.folder, 'ours.txt');
    writeFileSync(file, `${identity}\n`);
    const other = keygen(place.folder);
    const shared = await sharedWith(other.address, await addressOf(identity));
    for (const one of [file, other.file]) expect(openWithAge(shared, decrypt(one)).equals(seed)).toBe(true);
  });

  it('opens nothing that is for others', async () => {
    using place = vaultFolder();
    const shared = await sharedWith(await addressOf(await generateX25519Identity()));
    const quiet = (sealed: Buffer) =>
      execFileSync('age', ['-d', '-i', keygen(place.folder).file], {
        input: sealed,
        stdio: ['pipe', 'pipe', 'ignore'],
      });
    expect(() => openWithAge(shared, quiet)).toThrow();
  });

  it('seals what we open, when the digest of the head is in it', async () => {
    using place = vaultFolder();
    const { identity, address } = keygen(place.folder);
    const [magic, header] = (await sharedWith(address)).toString('latin1').split('\n');
    const head = `${magic}\n${header}\n`;
    const seal = (bound: Buffer) => {
      const input = Buffer.concat([seed, bound]);
      const sealed = execFileSync('age', ['-r', address], { input }).toString('base64url');
      const lines = `${head}${sealed}\n`;
      return readExport(Buffer.from(`${lines}${createHash('sha256').update(lines).digest('hex')}\n`));
    };
    const bound = createHash('sha256').update(head).digest();
    expect((await seal(bound).open({ passphrase: null, identity })).equals(seed)).toBe(true);
    const other = () => seal(Buffer.alloc(32)).open({ passphrase: null, identity });
    expect(await codeOf(other)).toBe('key-file-altered');
  });

  it('opens the line that docs/key-format.md shows for a shell', async () => {
    using place = vaultFolder();
    const { address } = keygen(place.folder);
    writeFileSync(join(place.folder, 'share.key'), await sharedWith(address));
    const document = readFileSync(
      join(import.meta.dirname, '..', '..', '..', 'docs', 'key-format.md'),
      'utf8',
    );
    const [, line] = /^(sed .*) \| xxd .*$/m.exec(document)!;
    const plain = execFileSync('sh', ['-c', line!], { cwd: place.folder });
    expect(plain.subarray(0, 32).equals(seed)).toBe(true);
  });
});

describe('an export for addresses', () => {
  it('is said to be hybrid for workstations and X25519 for other programs, and never both', async () => {
    const hybrid = await addressOf(await generateIdentity());
    const older = await addressOf(await generateX25519Identity());
    expect(readExport(await sharedWith(hybrid, hybrid)).sealing).toBe('hybrid');
    expect(readExport(await sharedWith(older)).sealing).toBe('x25519');
    for (const mixed of [
      [hybrid, older],
      [older, hybrid],
    ])
      expect(await codeOf(() => sharedWith(...mixed))).toBe('key-address');
    expect(await codeOf(() => sharedWith(older.toUpperCase()))).toBe('key-address');
    expect(
      await codeOf(() =>
        sharedWith('age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t'),
      ),
    ).toBe('key-address');
  });
});
