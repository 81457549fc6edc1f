import { randomBytes } from 'node:crypto';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { CxrError } from '../../../contract/errors.ts';
import type { ImportFacts } from '../../../contract/ipc/vault.ts';
import { seedBytes } from '../../../he/client/secret-from-seed.ts';
import { sha256 } from '../../../he/wire/frame.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { checkStrength, freshKdf, passphraseKey } from '../passphrase-key.ts';
import { seal, unseal } from '../sealed.ts';
import {
  encoded,
  type Header,
  headText,
  type KeyFacts,
  magic,
  parseHeader,
  type ShareFacts,
  version,
} from './export-header.ts';
import { checkSet, checkShare, joinShares, type ShareFile, splitSeed } from './shares.ts';

/**
 * An export is a key on its way to another workstation. Version 1 is four lines of text:
 *
 *   cipherfilm-key/1
 *   base64url of the header's JSON (export-header.ts)
 *   base64url of the sealed seed
 *   SHA-256 of the lines above, hex
 *
 * The seed is sealed under a passphrase; for recipients, addresses of workstations in the format of age
 * (https://age-encryption.org/v1), whose identities alone open it; or for several custodians, any two of whom open it
 * together. The digest finds damage; the sealing finds malice. docs/key-format.md has all of it, for whoever writes
 * another reader.
 */
export type { KeyFacts } from './export-header.ts';

/** Largest file that is read: a hundred recipients take 0.3 MiB. */
export const mostExportBytes = 4 * 1024 * 1024;
export const mostRecipients = 100;

/** For whom an export is sealed that is one file. */
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

/** The texts of an export for so many custodians, any two of whom open it together: one text for each. */
export async function writeShares(seed: Uint8Array, about: KeyFacts, of: number): Promise<string[]> {
  const files = await splitSeed(seed, about, of);
  return files.map(({ head, sealed }) => finish(head, sealed));
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
function kindOf(address: string): 'hybrid' | 'x25519' | null {
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
  /** Which shares were read, of an export for several custodians. */
  readonly shares: readonly ShareFacts[];
  /**
   * The seed, which the caller erases.
   *
   * @throws CxrError `key-passphrase` for another passphrase or none, `key-file-recipient` when it is for others,
   *   `key-share-missing` for one share alone, `key-file-altered`, `key-file-costly`.
   */
  readonly open: (secrets: { passphrase: string | null; identity: string | null }) => Promise<Buffer>;
};

/**
 * Reads everything of an export that needs no secret.
 *
 * @param others  further files, where these are shares of one export.
 * @throws CxrError `key-file-foreign` for another kind of file, `key-file-version` for one of a newer program,
 *   `key-file-altered`, `key-file-costly` where the passphrase would take too long; `key-share-foreign`,
 *   `key-share-same` for several files that are not different shares of one set.
 */
export function readExport(bytes: Uint8Array, ...others: readonly Uint8Array[]): Export {
  const file = readFile(bytes);
  const files = [file, ...others.map(readFile)];
  if (files.length > 1) checkSet(files.map(({ header }) => header));
  const shares = files
    .filter(isShare)
    .map(({ head, header, sealed }) => ({ head, share: header.share, sealed }));
  const { about } = file.header;
  return {
    about,
    for: file.header.for,
    sealing: sealingOf(file),
    shares: shares.map(({ share }) => share),
    open: async (secrets) => {
      const seed = await openFile(file, shares, secrets);
      if (seed.length === seedBytes && fingerprintOf(seed) === about.fingerprint) return seed;
      seed.fill(0);
      throw new CxrError('key-file-altered', { reason: 'fingerprint' });
    },
  };
}

/** One file: its first two lines, what they say, and the bytes of the third. */
type File<H extends Header = Header> = {
  readonly head: string;
  readonly header: H;
  readonly sealed: Buffer;
};
const isShare = (file: File): file is File<Extract<Header, { for: 'shares' }>> =>
  file.header.for === 'shares';

/** How PNG, JPEG, GIF, WebP, HEIC, TIFF and PDF begin: what a flatbed scanner or a telephone makes of a sheet. */
const picture = /^(\x89PNG|\xff\xd8\xff|GIF8|RIFF|....ftyp|II\*\0|MM\0\*|%PDF)/s;

function readFile(bytes: Uint8Array): File {
  if (bytes.length > mostExportBytes) throw new CxrError('key-file-foreign', { got: bytes.length });
  const text = Buffer.from(bytes).toString('latin1');
  const found = new RegExp(`^${magic}(\\d{1,6})\\n`).exec(text);
  if (found === null)
    throw new CxrError('key-file-foreign', {
      got: bytes.length,
      ...(picture.test(text.slice(0, 16)) ? { is: 'picture' as const } : {}),
    });
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
  if (header.for === 'shares') checkShare(sealed);
  return { head, header, sealed };
}

function openFile(
  { head, header, sealed }: File,
  shares: readonly ShareFile[],
  { passphrase, identity }: { readonly passphrase: string | null; readonly identity: string | null },
): Promise<Buffer> {
  switch (header.for) {
    case 'passphrase':
      return openWithPassphrase(header, head, sealed, passphrase);
    case 'recipients':
      return openWithIdentity(head, sealed, identity);
    case 'shares':
      return joinShares(shares);
  }
}

function sealingOf({ header, sealed }: File): Sealing {
  return header.for === 'recipients' ? ageSealingOf(sealed) : header.for;
}

/** Reads the kinds of recipient in age's header: lines `-> KIND ARGUMENT…`, up to one that begins with `---`. */
function ageSealingOf(sealed: Buffer): Sealing {
  const end = sealed.indexOf('\n---');
  const header = sealed.toString('latin1', 0, end === -1 ? 0 : end);
  const kinds = header.split('\n').filter((line) => line.startsWith('-> '));
  return kinds.length > 0 && kinds.every((line) => line.startsWith('-> mlkem768x25519 '))
    ? 'hybrid'
    : 'x25519';
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
