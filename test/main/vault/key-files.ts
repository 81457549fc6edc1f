import { createHash } from 'node:crypto';
import { generateX25519Identity } from 'age-encryption';
import {
  addressOf,
  generateIdentity,
  readExport,
  writeExport,
  writeShares,
} from '../../../main/vault/exports/export-file.ts';
import { factsOf } from '../../../main/vault/keys/key-records.ts';
import { cheapKdf, codeOf, passphrase, recordOf, seedOf, withByte } from './fixture.ts';

export type Secrets = { readonly passphrase: string | null; readonly identity: string | null };
/** An export of the key of `seedOf(1)`, and what opens it: secrets, or another file beside it. */
export type KeyFile = {
  readonly bytes: Buffer;
  readonly beside: readonly Buffer[];
  readonly secrets: Secrets;
};
export const kinds = ['passphrase', 'hybrid', 'x25519', 'shares'] as const;

/** One file of each kind; the passphrase is cheap to try. */
export async function exportsOfEachKind(): Promise<Record<(typeof kinds)[number], KeyFile>> {
  const facts = factsOf(recordOf(seedOf(1)));
  const forPassphrase = await writeExport(seedOf(1), facts, { kind: 'passphrase', passphrase }, cheapKdf());
  const forIdentity = async (identity: string): Promise<KeyFile> => {
    const to = { kind: 'addresses', addresses: [await addressOf(identity)] } as const;
    const bytes = Buffer.from(await writeExport(seedOf(1), facts, to), 'latin1');
    return { bytes, beside: [], secrets: { passphrase: null, identity } };
  };
  const [first, second] = (await writeShares(seedOf(1), facts, 3)) as [string, string, string];
  return {
    passphrase: {
      bytes: Buffer.from(forPassphrase, 'latin1'),
      beside: [],
      secrets: { passphrase, identity: null },
    },
    hybrid: await forIdentity(await generateIdentity()),
    x25519: await forIdentity(await generateX25519Identity()),
    shares: {
      bytes: Buffer.from(first, 'latin1'),
      beside: [Buffer.from(second, 'latin1')],
      secrets: { passphrase: null, identity: null },
    },
  };
}

/** The three lines of an export with the digest that anybody can reckon. */
export const digested = (lines: string): Buffer =>
  Buffer.from(`${lines}${createHash('sha256').update(lines, 'latin1').digest('hex')}\n`, 'latin1');

/** Length of the fourth line. */
export const digestBytes = 65;

/**
 * Changes each byte of an export in turn and tries to open it.
 *
 * @param redigest  whether the digest is made right again, and only bytes before it are changed.
 * @returns how often each code refused it; `opened` where none did.
 */
export async function everyByteChanged(
  { bytes, beside, secrets }: KeyFile,
  { redigest }: { readonly redigest: boolean },
): Promise<Record<string, number>> {
  const codes: Record<string, number> = {};
  const last = redigest ? bytes.length - digestBytes : bytes.length;
  for (let at = 0; at < last; at += 1) {
    // Other letters of base64url reach further than bytes that are none.
    const changed = withByte(bytes, at, bytes[at] === 0x41 ? 0x42 : 0x41);
    const file = redigest ? digested(changed.toString('latin1', 0, last)) : changed;
    const code = await codeOf(() => readExport(file, ...beside).open(secrets));
    codes[code] = (codes[code] ?? 0) + 1;
  }
  return codes;
}
