import { randomBytes } from 'node:crypto';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import type { ImportFacts } from '../../contract/ipc/vault.ts';
import { seedBytes } from '../../he/client/secret-from-seed.ts';
import { sha256 } from '../../he/wire/frame.ts';
import { fingerprintOf } from './fingerprint.ts';
import { checkStrength, freshKdf, isTooCostly, kdfSchema, passphraseKey } from './passphrase-key.ts';
import { seal, unseal } from './sealed.ts';
import { hex32 } from './text.ts';

/**
 * An export is a key on its way to another workstation. Version 1 is four lines of text:
 *
 *   cipherfilm-key/1
 *   base64url of the header's JSON
 *   base64url of the sealed seed
 *   SHA-256 of the lines above, hex
 *
 * The seed is sealed under a passphrase, or for recipients: addresses of workstations in the format of age
 * (https://age-encryption.org/v1), whose identities alone open it. The digest finds damage; the sealing finds malice.
 * docs/key-format.md has all of it, for whoever writes another reader.
 */
const magic = 'cipherfilm-key/';
const version = 1;

const aboutSchema = z.strictObject({
  parameters: hex32,
  fingerprint: hex32,
  generation: z.int().min(1).max(1_000_000),
  decryptions: z.int().nonnegative(),
  created: z.iso.datetime(),
  label: z.string().max(80),
});
const headerSchema = z.discriminatedUnion('for', [
  z.strictObject({ for: z.literal('passphrase'), kdf: kdfSchema, about: aboutSchema }),
  z.strictObject({ for: z.literal('recipients'), about: aboutSchema }),
]);
/** What an export says in the clear: whose key it holds, never what the key is. The sealed seed is bound to it. */
export type KeyFacts = z.infer<typeof aboutSchema>;
type Header = z.infer<typeof headerSchema>;

/** Largest file that is read: a hundred recipients take 0.3 MiB. */
export const mostExportBytes = 4 * 1024 * 1024;
export const mostRecipients = 100;

/** For whom an export is sealed. */
export type Sender =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] };

type Sealing = ImportFacts['sealing'];

const purpose = 'cipherfilm key export/1';

/**
 * The text of an export.
 *
 * @param kdf  what guessing the passphrase costs; tests take less.
 * @throws CxrError `key-passphrase-weak`; `key-address` for an address that is none or of another kind than the first.
 */
export async function writeExport(
  seed: Uint8Array,
  about: KeyFacts,
  to: Sender,
  kdf = freshKdf(),
): Promise<string> {
  if (to.kind === 'addresses') {
    const encrypter = encrypterTo(to.addresses);
    const head = headText({ for: 'recipients', about });
    const plain = Buffer.concat([seed, bound(head)]);
    const sealed = await encrypter.encrypt(plain).finally(() => plain.fill(0));
    return finish(head, sealed);
  }
  checkStrength(to.passphrase);
  const head = headText({ for: 'passphrase', kdf, about });
  const key = await passphraseKey(to.passphrase, kdf, purpose);
  const sealed = seal(key, seed, head);
  key.fill(0);
  return finish(head, sealed);
}

/** Age's files are authenticated, but say nothing about ours: the digest of the head goes in with the seed. */
const bound = (head: string): Buffer => Buffer.from(sha256(Buffer.from(head, 'utf8')), 'hex');

function encrypterTo(addresses: readonly string[]): Encrypter {
  if (addresses.length === 0 || addresses.length > mostRecipients)
    throw new CxrError('key-address', { got: addresses.length, expected: mostRecipients });
  const encrypter = new Encrypter();
  const kind = kindOf(addresses[0]!);
  for (const [index, address] of addresses.entries())
    try {
      // Every recipient can open the file, so it is as strong as the weakest: one of the older kind would undo the others.
      if (kind === null || kindOf(address) !== kind) throw new RangeError();
      encrypter.addRecipient(address);
    } catch {
      throw new CxrError('key-address', { index });
    }
  return encrypter;
}

/** The kinds of address that a key is sent to. Age has others: plugins, which hold an identity in a device. */
function kindOf(address: string): Exclude<Sealing, 'passphrase'> | null {
  if (address.startsWith('age1pq1')) return 'hybrid';
  return /^age1[02-9ac-hj-np-z]{58}$/.test(address) ? 'x25519' : null;
}

/**
 * Makes an identity, `AGE-SECRET-KEY-PQ-1…`, which opens what is sealed for its address. Its sealing is a hybrid of
 * ML-KEM-768 and X25519, because what is recorded on its way today must stay closed to the computers of later.
 */
export { generateHybridIdentity as generateIdentity } from 'age-encryption';

/** The address of an identity, `age1pq1…`, about 2,000 characters, which may be told to anybody. */
export const addressOf = (identity: string): Promise<string> => identityToRecipient(identity);

const encoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const headText = (header: Header): string =>
  `${magic}${version}\n${encoded(Buffer.from(JSON.stringify(headerSchema.parse(header)), 'utf8'))}\n`;

function finish(head: string, sealed: Uint8Array): string {
  const text = `${head}${encoded(sealed)}\n`;
  return `${text}${sha256(Buffer.from(text, 'utf8'))}\n`;
}

/** An export that was read, but not opened. */
export type Export = {
  /** What the file claims; `open` finds out whether it is true. */
  readonly about: KeyFacts;
  /** Which of the secrets opens it. */
  readonly for: Header['for'];
  /** What guards it. It is `x25519` where one recipient is of that kind. */
  readonly sealing: Sealing;
  /**
   * The seed, which the caller erases.
   *
   * @throws CxrError `key-passphrase` for another passphrase or none, `key-file-recipient` when it is for others,
   *   `key-file-altered`, `key-file-costly`.
   */
  readonly open: (secrets: { passphrase: string | null; identity: string | null }) => Promise<Buffer>;
};

/**
 * Reads everything of an export that needs no secret.
 *
 * @throws CxrError `key-file-foreign` for another kind of file, `key-file-version` for one of a newer program,
 *   `key-file-altered`, `key-file-costly` where the passphrase would take too long.
 */
export function readExport(bytes: Uint8Array): Export {
  if (bytes.length > mostExportBytes) throw new CxrError('key-file-foreign', { got: bytes.length });
  const text = Buffer.from(bytes).toString('latin1');
  const found = new RegExp(`^${magic}(\\d{1,6})\\n`).exec(text);
  if (found === null) throw new CxrError('key-file-foreign', { got: bytes.length });
  if (Number(found[1]) > version)
    throw new CxrError('key-file-version', { got: Number(found[1]), expected: version });
  const lines = /^([^\n]*\n[^\n]*\n)([^\n]*)\n([0-9a-f]{64})\n$/.exec(text);
  if (lines === null) throw new CxrError('key-file-altered', { reason: 'lines' });
  const [, head, body, digest] = lines as unknown as [string, string, string, string];
  if (sha256(Buffer.from(`${head}${body}\n`, 'latin1')) !== digest)
    throw new CxrError('key-file-altered', { reason: 'digest' });
  const header = parseHeader(head);
  const sealed = Buffer.from(body, 'base64url');
  if (encoded(sealed) !== body) throw new CxrError('key-file-altered', { reason: 'spelling' });
  return {
    about: header.about,
    for: header.for,
    sealing: header.for === 'passphrase' ? 'passphrase' : sealingOf(sealed),
    open: async ({ passphrase, identity }) => {
      const seed =
        header.for === 'passphrase'
          ? await openWithPassphrase(header, head, sealed, passphrase)
          : await openWithIdentity(head, sealed, identity);
      if (seed.length === seedBytes && fingerprintOf(seed) === header.about.fingerprint) return seed;
      seed.fill(0);
      throw new CxrError('key-file-altered', { reason: 'fingerprint' });
    },
  };
}

/** Reads the kinds of recipient in age's header: lines `-> KIND ARGUMENT…`, up to one that begins with `---`. */
function sealingOf(sealed: Buffer): Sealing {
  const end = sealed.indexOf('\n---');
  const header = sealed.toString('latin1', 0, end === -1 ? 0 : end);
  const kinds = header.split('\n').filter((line) => line.startsWith('-> '));
  return kinds.length > 0 && kinds.every((line) => line.startsWith('-> mlkem768x25519 '))
    ? 'hybrid'
    : 'x25519';
}

function parseHeader(head: string): Header {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(head.split('\n')[1]!, 'base64url').toString('utf8'));
  } catch {
    throw new CxrError('key-file-altered', { reason: 'header' });
  }
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new CxrError(isTooCostly(parsed.error) ? 'key-file-costly' : 'key-file-altered', { path });
  }
  // One spelling for one content, so that the digest of an export names it.
  if (headText(parsed.data) !== head) throw new CxrError('key-file-altered', { reason: 'spelling' });
  return parsed.data;
}

async function openWithPassphrase(
  { kdf }: Extract<Header, { for: 'passphrase' }>,
  head: string,
  sealed: Buffer,
  passphrase: string | null,
): Promise<Buffer> {
  if (passphrase === null) throw new CxrError('key-passphrase', { reason: 'none given' });
  const key = await passphraseKey(passphrase, kdf, purpose);
  const seed = unseal(key, sealed, head);
  key.fill(0);
  // The digest was right, so nothing was altered by accident.
  if (seed === null) throw new CxrError('key-passphrase');
  return seed;
}

async function openWithIdentity(head: string, sealed: Buffer, identity: string | null): Promise<Buffer> {
  if (identity === null) throw new CxrError('key-file-recipient');
  let plain: Buffer;
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const { buffer, byteOffset, byteLength } = await decrypter.decrypt(new Uint8Array(sealed));
    plain = Buffer.from(buffer, byteOffset, byteLength);
  } catch {
    throw new CxrError('key-file-recipient');
  }
  if (!plain.subarray(seedBytes).equals(bound(head))) {
    plain.fill(0);
    throw new CxrError('key-file-altered', { reason: 'header' });
  }
  return plain.subarray(0, seedBytes);
}

/** A random seed of `seedBytes` bytes for a new key. */
export const freshSeed = (): Buffer => randomBytes(seedBytes);
