import { randomBytes } from 'node:crypto';
import { combine, split } from 'shamir-secret-sharing';
import { CxrError } from '../../../contract/errors.ts';
import { seedBytes } from '../../../he/client/secret-from-seed.ts';
import { derive, keyBytes, seal, sealOverhead, unseal } from '../sealed.ts';
import { type Header, headText, type KeyFacts, type ShareFacts, threshold } from './export-header.ts';

/**
 * Dual control: a key is sealed under a random secret, and the secret is split into shares (Shamir, "How to share a
 * secret", 1979) for several custodians. Any two of them together find the secret. One alone finds nothing: each secret
 * is as likely as every other to whoever holds one share, whatever computer he has.
 */
const purpose = 'cipherfilm key export/1 shares';
/** A share is a value for each byte of the secret, and the point at which all of them were taken. */
const shareBytes = keyBytes + 1;

/** A file of a set: its first two lines, and the bytes of the third. */
export type ShareFile = { readonly head: string; readonly share: ShareFacts; readonly sealed: Buffer };

/** The first two lines and the sealed bytes of each file of a new set. @param of  how many custodians there are. */
export async function splitSeed(
  seed: Uint8Array,
  about: KeyFacts,
  of: number,
): Promise<{ readonly head: string; readonly sealed: Buffer }[]> {
  const set = randomBytes(16).toString('hex');
  // The library takes no subclass of Uint8Array.
  const secret = new Uint8Array(randomBytes(keyBytes));
  const shares = await split(secret, of, threshold);
  const key = derive(secret, purpose);
  const files = shares.map((share, index) => {
    const head = headText({ for: 'shares', share: { set, threshold, of, number: index + 1 }, about });
    const sealed = Buffer.concat([share, seal(key, seed, head)]);
    share.fill(0);
    return { head, sealed };
  });
  for (const bytes of [secret, key]) bytes.fill(0);
  return files;
}

/** Refuses the third line of a share that has another length than every share. @throws CxrError `key-file-altered`. */
export function checkShare(sealed: Buffer): void {
  const point = sealed[keyBytes];
  // At the point 0 lies the secret itself, so that a share of it would decide alone what the others seem to say.
  if (sealed.length !== shareBytes + seedBytes + sealOverhead || point === 0)
    throw new CxrError('key-file-altered', { reason: 'share' });
}

/**
 * Refuses files that are not different shares of one set.
 *
 * @throws CxrError `key-share-foreign`, `key-share-same`, `key-file-altered` where the headers of one set differ.
 */
export function checkSet(headers: readonly Header[]): void {
  const shares = headers.map((header) => {
    if (header.for !== 'shares') throw new CxrError('key-share-foreign', { reason: 'no share' });
    return header;
  });
  const [first] = shares;
  const numbers = new Set<number>();
  for (const { share, about } of shares) {
    if (share.set !== first!.share.set) throw new CxrError('key-share-foreign', { reason: 'another set' });
    if (share.of !== first!.share.of || JSON.stringify(about) !== JSON.stringify(first!.about))
      throw new CxrError('key-file-altered', { reason: 'header' });
    if (numbers.has(share.number)) throw new CxrError('key-share-same', { number: share.number });
    numbers.add(share.number);
  }
}

/**
 * Finds the seed that shares of one set seal, which the caller erases. Each of the files has to open.
 *
 * @throws CxrError `key-share-missing` for one share alone, `key-file-altered` where they do not open together.
 */
export async function joinShares(files: readonly ShareFile[]): Promise<Buffer> {
  const [{ share }] = files as readonly [ShareFile];
  if (files.length < threshold)
    throw new CxrError('key-share-missing', { number: share.number, of: share.of });
  const secret = await combine(
    files.map(({ sealed }) => new Uint8Array(sealed.subarray(0, shareBytes))),
  ).catch(() => null);
  // Two shares at one point.
  if (secret === null) throw new CxrError('key-file-altered', { reason: 'share' });
  const key = derive(secret, purpose);
  const seeds = files.map(({ head, sealed }) => unseal(key, sealed.subarray(shareBytes), head));
  for (const bytes of [secret, key]) bytes.fill(0);
  const [seed, ...others] = seeds;
  const agrees = seed !== null && others.every((other) => other?.equals(seed!) === true);
  for (const other of others) other?.fill(0);
  if (agrees) return seed!;
  seed?.fill(0);
  throw new CxrError('key-file-altered', { reason: 'share' });
}
