import { argon2Sync, createDecipheriv, createHash, hkdfSync } from 'node:crypto';

/**
 * A second reader of keys, written from docs/key-format.md alone. It imports nothing of the program, so that the document
 * is known to suffice. Everything that it refuses, it refuses with the sentence of the document that was broken.
 */
type Kdf = {
  readonly name: string;
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: string;
};
type Header = {
  readonly for: 'passphrase' | 'recipients' | 'shares';
  readonly kdf: Kdf;
  readonly share: { readonly set: string; readonly threshold: number; readonly of: number; number: number };
  readonly about: { readonly fingerprint: string; readonly label: string };
};

function expect(isTrue: boolean, rule: string): asserts isTrue {
  if (!isTrue) throw new Error(rule);
}

const hkdf = (key: Uint8Array, info: string): Buffer => Buffer.from(hkdfSync('sha256', key, '', info, 32));
const sha256 = (text: string): Buffer => createHash('sha256').update(text, 'latin1').digest();

function unseal(key: Buffer, sealed: Buffer, aad: string): Buffer {
  const gcm = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
  gcm.setAAD(Buffer.from(aad, 'utf8'));
  gcm.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([gcm.update(sealed.subarray(12, -16)), gcm.final()]);
}

function stretch(passphrase: string, { name, memoryKiB, passes, lanes, salt }: Kdf): Buffer {
  expect(name === 'argon2id', 'name is argon2id');
  expect(memoryKiB >= 8_192 && memoryKiB <= 524_288, 'memoryKiB is 8,192 to 524,288');
  expect(passes >= 1 && passes <= 10 && memoryKiB * passes <= 786_432, 'passes is 1 to 10');
  expect(lanes >= 1 && lanes <= 16, 'lanes is 1 to 16');
  return argon2Sync('argon2id', {
    message: Buffer.from(passphrase.normalize('NFKC'), 'utf8'),
    nonce: Buffer.from(salt, 'base64url'),
    memory: memoryKiB,
    passes,
    parallelism: lanes,
    tagLength: 32,
  });
}

/** The name of a key. */
export const fingerprintOf = (seed: Uint8Array): string =>
  hkdf(seed, 'cipherfilm fingerprint/1').toString('hex');

/** The lines of an export that were read and checked, without a secret. */
function read(file: Uint8Array): { readonly head: string; readonly header: Header; readonly sealed: Buffer } {
  expect(file.length <= 4_194_304, '4 MiB at most');
  const lines = Buffer.from(file).toString('latin1').split('\n');
  const [magic, line2, line3, digest, end] = lines as [string, string, string, string, string];
  expect(lines.length === 5 && end === '', 'four lines');
  expect(magic === 'cipherfilm-key/1', 'the magic');
  expect(sha256(`${magic}\n${line2}\n${line3}\n`).toString('hex') === digest, 'the digest');
  const header = JSON.parse(Buffer.from(line2, 'base64url').toString('utf8')) as Header;
  expect(Buffer.from(JSON.stringify(header), 'utf8').toString('base64url') === line2, 'one spelling');
  const sealed = Buffer.from(line3, 'base64url');
  expect(sealed.toString('base64url') === line3, 'one spelling');
  return { head: `${magic}\n${line2}\n`, header, sealed };
}

/** The seed of an export that a passphrase opens. */
export function openWithPassphrase(file: Uint8Array, passphrase: string): Buffer {
  const { head, header, sealed } = read(file);
  expect(header.for === 'passphrase', 'for is passphrase');
  const seed = unseal(hkdf(stretch(passphrase, header.kdf), 'cipherfilm key export/1'), sealed, head);
  expect(fingerprintOf(seed) === header.about.fingerprint, 'the fingerprint');
  return seed;
}

/** The seed of an export for recipients. @param age  opens an age file with an identity of one of them. */
export function openWithAge(file: Uint8Array, age: (sealed: Buffer) => Buffer): Buffer {
  const { head, header, sealed } = read(file);
  expect(header.for === 'recipients', 'for is recipients');
  const plain = age(sealed);
  expect(plain.length === 64 && plain.subarray(32).equals(sha256(head)), 'the digest of the head');
  const seed = plain.subarray(0, 32);
  expect(fingerprintOf(seed) === header.about.fingerprint, 'the fingerprint');
  return seed;
}

/** A product in GF(2^8) with the polynomial 0x11B. */
export function product(a: number, b: number): number {
  let sum = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    sum = (sum << 1) ^ (sum & 0x80 ? 0x11b : 0);
    if ((b >> bit) & 1) sum ^= a;
  }
  return sum;
}

/** Dividing by `b` is multiplying by b^254. */
export function quotient(a: number, b: number): number {
  let power = a;
  for (let count = 0; count < 254; count += 1) power = product(power, b);
  return power;
}

/** The seed of a key of several custodians, from two of their files. */
export function openShares(one: Uint8Array, other: Uint8Array): Buffer {
  const [first, second] = [read(one), read(other)];
  const setOf = ({ header }: typeof first) =>
    JSON.stringify({ ...header, share: { ...header.share, number: 0 } });
  expect(
    first.header.for === 'shares' && setOf(first) === setOf(second),
    'everything but number is the same',
  );
  const { threshold, of } = first.header.share;
  expect(threshold === 2 && of >= 3 && of <= 8, 'threshold is 2, of is 3 to 8');
  const numbers = [first, second].map(({ header }) => header.share.number);
  expect(numbers[0] !== numbers[1] && numbers.every((each) => each >= 1 && each <= of), 'the numbers differ');
  expect(first.sealed.length === 93 && second.sealed.length === 93, 'line 3 is 93 bytes');
  const [x1, x2] = [first.sealed[32]!, second.sealed[32]!];
  expect(x1 !== x2 && x1 !== 0 && x2 !== 0, 'the points differ, and none is 0');
  const secret = Buffer.from(
    Array.from({ length: 32 }, (_, at) =>
      quotient(product(first.sealed[at]!, x2) ^ product(second.sealed[at]!, x1), x1 ^ x2),
    ),
  );
  const key = hkdf(secret, 'cipherfilm key export/1 shares');
  const seeds = [first, second].map(({ head, sealed }) => unseal(key, sealed.subarray(33), head));
  expect(seeds[0]!.equals(seeds[1]!), 'both seeds are the same');
  expect(fingerprintOf(seeds[0]!) === first.header.about.fingerprint, 'the fingerprint');
  return seeds[0]!;
}

/** The export on a page to print. */
export function exportOnPage(page: string): Buffer {
  expect(page.startsWith('<!doctype html>'), 'begins with <!doctype html>');
  const parts = page.split(/<pre>|<\/pre>/);
  expect(parts.length === 3, 'the only pre element');
  return exportInSheetText(Buffer.from(parts[1]!, 'latin1'));
}

/** The export in the text of a sheet, as somebody saved it. */
export function exportInSheetText(bytes: Buffer): Buffer {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  const text = bytes.toString(isWide ? 'utf16le' : 'utf8').replace(/[\s\ufeff]/g, '');
  const [, letters] = /^cipherfilm-sheet\/1([\w-]+)$/.exec(text) ?? [];
  expect(letters !== undefined, 'the text of a sheet');
  return Buffer.from(letters!, 'base64url');
}

/** The seeds of a vault by the fingerprints that its text gives them. */
export function openVault(text: string, passphrase: string): Map<string, Buffer> {
  const file = JSON.parse(text);
  expect(`${JSON.stringify(file, null, 2)}\n` === text, 'one spelling');
  expect(file.format === 'cipherfilm-vault/1', 'format');
  const slot = file.slots.find(({ kind }: { kind: string }) => kind === 'passphrase');
  const slotKey = hkdf(stretch(passphrase, slot.kdf), 'cipherfilm vault slot/1 passphrase');
  const slotAad = JSON.stringify([file.format, { ...slot, wrapped: '' }]);
  const dataKey = unseal(slotKey, Buffer.from(slot.wrapped, 'base64url'), slotAad);
  const body = unseal(
    dataKey,
    Buffer.from(file.sealed, 'base64url'),
    JSON.stringify([file.format, file.slots]),
  );
  const length = body.readUInt32LE(0);
  const { keys } = JSON.parse(body.toString('utf8', 4, 4 + length)) as { keys: { fingerprint: string }[] };
  const seedAt = (index: number) => body.subarray(4 + length + 32 * index, 4 + length + 32 * (index + 1));
  return new Map(keys.map(({ fingerprint }, index) => [fingerprint, seedAt(index)]));
}
