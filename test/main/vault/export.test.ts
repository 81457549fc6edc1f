import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity } from 'age-encryption';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  addressOf,
  freshSeed,
  generateIdentity,
  type KeyFacts,
  mostExportBytes,
  readExport,
  writeExport,
} from '../../../main/vault/exports/export-file.ts';
import { fingerprintOf } from '../../../main/vault/fingerprint.ts';
import { Vault } from '../../../main/vault/vault.ts';
import {
  adding,
  cheapKdf,
  codeOf,
  otherPassphrase,
  passphrase,
  recordOf,
  seedOf,
  systemKey,
  vaultFolder,
  withByte,
} from './fixture.ts';

const seed = seedOf(1);
const factsOf = (of: Buffer): KeyFacts => {
  const { parameters, fingerprint, generation, decryptions, created, label } = recordOf(of);
  return { parameters, fingerprint, generation, decryptions, created, label };
};
const toPassphrase = { kind: 'passphrase', passphrase } as const;
const read = (text: string) => readExport(Buffer.from(text, 'latin1'));
const exported = () => writeExport(seed, factsOf(seed), toPassphrase, cheapKdf());
const fixture = (name: string) => join(import.meta.dirname, '..', '..', 'fixtures', 'keys', name);

let identity: string;
let address: string;
beforeAll(async () => {
  identity = await generateIdentity();
  address = await addressOf(identity);
});

/** Lines 2 and 3 of an export exchanged, with the digest that whoever does it can reckon. */
function forged(text: string, change: (header: Record<string, unknown>) => unknown, body?: string): string {
  const [magic, header, sealed] = text.split('\n') as [string, string, string];
  const json = change(JSON.parse(Buffer.from(header, 'base64url').toString('utf8')));
  const head = Buffer.from(JSON.stringify(json), 'utf8').toString('base64url');
  return digested(`${magic}\n${head}\n${body ?? sealed}\n`);
}
const digested = (lines: string): string =>
  `${lines}${createHash('sha256').update(lines, 'latin1').digest('hex')}\n`;

describe('a key that goes to another workstation', () => {
  it('is the same key there, with what is known of it', async () => {
    using here = vaultFolder();
    using there = vaultFolder();
    const made = freshSeed();
    using from = await Vault.open({ folder: here.folder, systemKey });
    from.update(adding(made));
    const [key] = from.body.keys;
    // The real cost, once.
    const text = await writeExport(from.seed(key!.fingerprint), factsOf(made), toPassphrase);

    const inspected = read(text);
    expect(inspected.about).toEqual(factsOf(made));
    expect(inspected.for).toBe('passphrase');
    const opened = await inspected.open({ passphrase, identity: null });
    using to = await Vault.open({ folder: there.folder, systemKey: Buffer.alloc(32, 6) });
    to.update(adding(opened));
    expect(to.body.keys[0]!.fingerprint).toBe(key!.fingerprint);
    expect(to.seed(key!.fingerprint).equals(made)).toBe(true);
  });

  it('opens with its passphrase alone', async () => {
    const file = read(await exported());
    const tried = (secrets: { passphrase: string | null; identity: string | null }) =>
      codeOf(() => file.open(secrets));
    expect(await tried({ passphrase: otherPassphrase, identity })).toBe('key-passphrase');
    expect(await tried({ passphrase: null, identity })).toBe('key-passphrase');
    expect((await file.open({ passphrase, identity: null })).equals(seed)).toBe(true);
    const weak = { kind: 'passphrase', passphrase: 'radiology' } as const;
    expect(await codeOf(() => writeExport(seed, factsOf(seed), weak))).toBe('key-passphrase-weak');
  });

  it('opens at each of the addresses that it was sent to, and nowhere else', async () => {
    const second = await generateIdentity();
    const addresses = [address, await addressOf(second)];
    const file = read(await writeExport(seed, factsOf(seed), { kind: 'addresses', addresses }));
    expect(file.for).toBe('recipients');
    for (const one of [identity, second])
      expect((await file.open({ passphrase: null, identity: one })).equals(seed)).toBe(true);
    for (const other of [await generateIdentity(), await generateX25519Identity(), 'no identity', null])
      expect(await codeOf(() => file.open({ passphrase, identity: other }))).toBe('key-file-recipient');
  });

  it('goes to whole addresses that quantum computers will not open', async () => {
    const sent = (addresses: string[]) =>
      codeOf(() => writeExport(seed, factsOf(seed), { kind: 'addresses', addresses }));
    const older = await addressOf(await generateX25519Identity());
    for (const wrong of [older, address.slice(0, -1), `${address} `, 'age1pq1', '', identity])
      expect(await sent([address, wrong])).toBe('key-address');
    expect(await sent([])).toBe('key-address');
    expect(await sent(Array(101).fill(address))).toBe('key-address');
  });

  it('is read from the files that version 1 wrote, and by the seed that it was then', async () => {
    const [byPassphrase, toRecipient] = ['passphrase-1.key', 'recipient-1.key'].map((name) =>
      readExport(readFileSync(fixture(name))),
    );
    const known = readFileSync(fixture('identity.txt'), 'utf8').trim();
    expect((await byPassphrase!.open({ passphrase, identity: null })).equals(seed)).toBe(true);
    expect((await toRecipient!.open({ passphrase: null, identity: known })).equals(seed)).toBe(true);
  });
});

describe('an export in which something was changed', () => {
  it('is refused for every byte and every bit of it, before anybody is asked for a passphrase', async () => {
    const bytes = Buffer.from(await exported(), 'latin1');
    const codes = new Map<string, number>();
    for (let at = 0; at < bytes.length; at += 1)
      for (let bit = 0; bit < 8; bit += 1) {
        const code = await codeOf(() => readExport(withByte(bytes, at, bytes[at]! ^ (1 << bit))));
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    // "cipherfilm-key/" and the line's end make the file ours; "1" becomes 3, 5 or 9 by one bit, 0 by one, else no digit.
    expect(Object.fromEntries(codes)).toEqual({
      'key-file-foreign': 8 * 16 + 4,
      'key-file-version': 3,
      'key-file-altered': 8 * (bytes.length - 17) + 1,
    });
  });

  it('is refused at every length to which it was cut, and when something follows it', async () => {
    const bytes = Buffer.from(await exported(), 'latin1');
    for (let length = 0; length < bytes.length; length += 1)
      expect(await codeOf(() => readExport(bytes.subarray(0, length)))).toBe(
        length < 17 ? 'key-file-foreign' : 'key-file-altered',
      );
    expect(await codeOf(() => readExport(Buffer.concat([bytes, Buffer.from('\n')])))).toBe(
      'key-file-altered',
    );
  });

  it('never opens, also when the digest was reckoned anew', async () => {
    const text = await exported();
    const [magic, header, sealed] = text.split('\n') as [string, string, string];
    const lines = Buffer.from(`${header}\n${sealed}`, 'latin1');
    const change = fc.tuple(fc.nat(lines.length - 1), fc.integer({ min: 1, max: 255 }));
    const refused = async ([at, mask]: [number, number]) => {
      const changed = withByte(lines, at, lines[at]! ^ mask).toString('latin1');
      const open = () => read(digested(`${magic}\n${changed}\n`)).open({ passphrase, identity });
      expect(['key-file-altered', 'key-file-costly', 'key-passphrase']).toContain(await codeOf(open));
    };
    await fc.assert(fc.asyncProperty(change, refused), { numRuns: 200, endOnFailure: true });
  });

  it('does not open under another name, label or number of decryptions', async () => {
    const addresses = { kind: 'addresses', addresses: [address] } as const;
    const texts = [await exported(), await writeExport(seed, factsOf(seed), addresses)];
    for (const claim of [{ label: 'Room 5' }, { decryptions: 1 }, { fingerprint: fingerprintOf(seedOf(2)) }])
      for (const text of texts) {
        const changed = read(
          forged(text, (header) => ({ ...header, about: { ...factsOf(seed), ...claim } })),
        );
        expect(['key-passphrase', 'key-file-altered']).toContain(
          await codeOf(() => changed.open({ passphrase, identity })),
        );
      }
    // The sealing is right, the fingerprint another key's.
    const mislabelled = await writeExport(seed, factsOf(seedOf(2)), toPassphrase, cheapKdf());
    expect(await codeOf(() => read(mislabelled).open({ passphrase, identity: null }))).toBe(
      'key-file-altered',
    );
  });

  it('is named by what is wrong with it', async () => {
    const text = await exported();
    const withKdf = (cost: object) =>
      codeOf(() =>
        read(forged(text, (header) => ({ ...header, kdf: { ...(header.kdf as object), ...cost } }))),
      );
    const lines = text.split('\n').slice(1).join('\n');
    expect(await codeOf(() => read(`cipherfilm-key/2\n${lines}`))).toBe('key-file-version');
    expect(await codeOf(() => read('cipherfilm-key/2\nanything'))).toBe('key-file-version');
    expect(await codeOf(() => read('PK\u0003\u0004'))).toBe('key-file-foreign');
    // A photograph of a sheet is told apart: people make one.
    for (const picture of ['\x89PNG\r\n', '\xff\xd8\xff\xe0', '%PDF-1.7', '\0\0\0\x18ftypheic'])
      expect(() => readExport(Buffer.from(picture, 'latin1'))).toThrow(
        expect.objectContaining({ detail: { got: picture.length, is: 'picture' } }),
      );
    expect(await codeOf(() => readExport(Buffer.alloc(mostExportBytes + 1)))).toBe('key-file-foreign');
    for (const cost of [
      { memoryKiB: 2 ** 19 + 1 },
      { passes: 11 },
      { lanes: 17 },
      { memoryKiB: 2 ** 19, passes: 2 },
    ])
      expect(await withKdf(cost)).toBe('key-file-costly');
    // Cheap guessing is nothing that an export of ours asks for.
    expect(await withKdf({ memoryKiB: 4096 })).toBe('key-file-altered');
    expect(await codeOf(() => read(forged(text, (header) => ({ ...header, more: 1 }))))).toBe(
      'key-file-altered',
    );
    expect(await codeOf(() => read(forged(text, (header) => header, 'AB')))).toBe('key-file-altered');
  });
});
