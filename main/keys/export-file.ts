import { randomBytes } from 'node:crypto';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import { sha256 } from '../../he/frame.ts';
import { seedBytes } from '../../he/secret-from-seed.ts';
import { fingerprintOf } from './fingerprint.ts';
import { checkStrength, freshKdf, kdfSchema, passphraseKey } from './passphrase-key.ts';
import { derive, seal, unseal } from './sealed.ts';
import { hex32 } from './text.ts';

/**
 * A key on its way to another workstation, version 1: four lines of text (docs/key-format.md).
 *
 *   cipherfilm-key/1
 *   base64url of the header's JSON
 *   base64url of the sealed seed
 *   SHA-256 of the lines above, hex
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
/** What stands in the clear, authenticated: whose key this is, never what it is. */
export type KeyFacts = z.infer<typeof aboutSchema>;
type Header = z.infer<typeof headerSchema>;

/** Largest file that is read: a thousand recipients. */
export const mostExportBytes = 4 * 1024 * 1024;
export const mostRecipients = 100;

export type Sender =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] };

/** @throws CxrError `key-passphrase-weak`; `key-address` for an address that is none. */
export async function writeExport(seed: Uint8Array, about: KeyFacts, to: Sender): Promise<string> {
  if (to.kind === 'addresses') {
    const head = headText({ for: 'recipients', about });
    return finish(head, await sealTo(to.addresses, Buffer.concat([seed, bound(head)])));
  }
  checkStrength(to.passphrase);
  const kdf = freshKdf();
  const head = headText({ for: 'passphrase', kdf, about });
  const key = derive(await passphraseKey(to.passphrase, kdf), 'cipherfilm key export/1');
  const sealed = seal(key, seed, head);
  key.fill(0);
  return finish(head, sealed);
}

/** Ages's files are authenticated, but say nothing about ours: the head goes in with the seed. */
const bound = (head: string): Buffer => Buffer.from(sha256(Buffer.from(head, 'utf8')), 'hex');

async function sealTo(addresses: readonly string[], plain: Buffer): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const [index, address] of addresses.entries())
    try {
      encrypter.addRecipient(address);
    } catch {
      throw new CxrError('key-address', { index });
    }
  if (addresses.length === 0 || addresses.length > mostRecipients)
    throw new CxrError('key-address', { got: addresses.length, expected: mostRecipients });
  try {
    return await encrypter.encrypt(plain);
  } finally {
    plain.fill(0);
  }
}

/** `AGE-SECRET-KEY-…`, post-quantum hybrid (ML-KEM-768 with X25519): what is sent today must stay closed later. */
export { generateHybridIdentity as generateIdentity } from 'age-encryption';
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
  readonly about: KeyFacts;
  readonly for: Header['for'];
  /** @throws as `openWithPassphrase`, `openWithIdentity`. */
  readonly open: (secrets: { passphrase: string | null; identity: string | null }) => Promise<Buffer>;
};

/**
 * Reads everything of an export that needs no secret.
 *
 * @throws CxrError `key-file-foreign`, `key-file-version`, `key-file-altered`, `key-file-costly`.
 */
export function readExport(bytes: Uint8Array): Export {
  const text = Buffer.from(bytes).toString('latin1');
  const found = new RegExp(`^${magic}(\\d{1,6})\\n`).exec(text);
  if (found === null || bytes.length > mostExportBytes)
    throw new CxrError('key-file-foreign', { got: bytes.length });
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
    const isCost = /^kdf\.(memoryKiB|passes|lanes)$/.test(path);
    throw new CxrError(isCost ? 'key-file-costly' : 'key-file-altered', { path });
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
  const key = derive(await passphraseKey(passphrase, kdf), 'cipherfilm key export/1');
  const seed = unseal(key, sealed, head);
  key.fill(0);
  // The digest was right, so nothing was altered by accident.
  if (seed === null) throw new CxrError('key-passphrase');
  return seed;
}

async function openWithIdentity(head: string, sealed: Buffer, identity: string | null): Promise<Buffer> {
  if (identity === null) throw new CxrError('key-file-recipient');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  let plain: Buffer;
  try {
    plain = Buffer.from(await decrypter.decrypt(new Uint8Array(sealed)));
  } catch {
    throw new CxrError('key-file-recipient');
  }
  if (!plain.subarray(seedBytes).equals(bound(head))) {
    plain.fill(0);
    throw new CxrError('key-file-altered', { reason: 'header' });
  }
  return plain.subarray(0, seedBytes);
}

/** A random seed. */
export const freshSeed = (): Buffer => randomBytes(seedBytes);
