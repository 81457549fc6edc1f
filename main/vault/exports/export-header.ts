import { z } from 'zod';
import { CxrError } from '../../../contract/errors.ts';
import { fewestCustodians, mostCustodians } from '../../../contract/ipc/custodians.ts';
import { isTooCostly, kdfSchema } from '../passphrase-key.ts';
import { hex32 } from '../text.ts';

/** What the first line of an export begins with; the number of the format follows. */
export const magic = 'cipherfilm-key/';
/** The format that this program writes, and the newest that it reads. */
export const version = 1;

const aboutSchema = z.strictObject({
  parameters: hex32,
  fingerprint: hex32,
  generation: z.int().min(1).max(1_000_000),
  decryptions: z.int().nonnegative(),
  created: z.iso.datetime(),
  label: z.string().max(80),
});
/** What an export says in the clear: whose key it holds, never what the key is. The sealed seed is bound to it. */
export type KeyFacts = z.infer<typeof aboutSchema>;

/** How many shares of a set open the key. */
export const threshold = 2;

const shareSchema = z
  .strictObject({
    set: z.string().regex(/^[0-9a-f]{32}$/),
    threshold: z.literal(threshold),
    of: z.int().min(fewestCustodians).max(mostCustodians),
    number: z.int().min(1),
  })
  .refine(({ number, of }) => number <= of, { path: ['number'] });
/** Which share of a key a file holds: the share `number` of `of` in a set, which has a random name. */
export type ShareFacts = z.infer<typeof shareSchema>;

const headerSchema = z.discriminatedUnion('for', [
  z.strictObject({ for: z.literal('passphrase'), kdf: kdfSchema, about: aboutSchema }),
  z.strictObject({ for: z.literal('recipients'), about: aboutSchema }),
  z.strictObject({ for: z.literal('shares'), share: shareSchema, about: aboutSchema }),
]);
/** The second line of an export: what opens it, and whose key it holds. */
export type Header = z.infer<typeof headerSchema>;

/** The version of the form for paper (sheet-text.ts). */
export const sheetVersion = 1;

/** Bytes as the lines of an export hold them. */
export const encoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** The first two lines of an export, to which what is sealed is bound. */
export const headText = (header: Header): string =>
  `${magic}${version}\n${encoded(Buffer.from(JSON.stringify(headerSchema.parse(header)), 'utf8'))}\n`;

/**
 * Reads the header in the first two lines of an export.
 *
 * @throws CxrError `key-file-altered`, also for another spelling of the same header; `key-file-costly` where the
 *   passphrase would take too long.
 */
export function parseHeader(head: string): Header {
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
