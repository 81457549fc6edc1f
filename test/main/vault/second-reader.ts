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
  readonly for: 'passphrase' | 'recipients';
  readonly kdf: Kdf;
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
