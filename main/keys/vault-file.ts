import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import { type Kdf, kdfSchema, passphraseKey } from './passphrase-key.ts';
import { derive, keyBytes, seal, sealOverhead, unseal } from './sealed.ts';
import { base64url } from './text.ts';

const format = 'cipherfilm-vault/1';
const wrapped = base64url(keyBytes + sealOverhead);

const slotSchema = z.discriminatedUnion('kind', [
  /** Under the key that the system's keychain gives. */
  z.strictObject({ kind: z.literal('system'), wrapped }),
  z.strictObject({ kind: z.literal('passphrase'), kdf: kdfSchema, wrapped }),
]);
type Slot = z.infer<typeof slotSchema>;

const fileSchema = z.strictObject({
  format: z.literal(format),
  slots: z.array(slotSchema).min(1).max(2),
  sealed: base64url(),
});
export type VaultFile = z.infer<typeof fileSchema>;

/** Largest vault file that is read. */
export const mostVaultBytes = 4 * 1024 * 1024;

/** What opens a vault: the key of the system's keychain, or a passphrase. */
export type Opener =
  | { readonly kind: 'system'; readonly key: Uint8Array }
  | { readonly kind: 'passphrase'; readonly passphrase: string };

/** @throws CxrError `key-vault` unless this is a vault, `key-file-version` for one of a newer program. */
export function parseVaultFile(text: string): VaultFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CxrError('key-vault', { reason: 'not JSON' });
  }
  const { format: found } = z.looseObject({ format: z.string() }).safeParse(json).data ?? {};
  if (found !== format && /^cipherfilm-vault\/\d+$/.test(found ?? ''))
    throw new CxrError('key-file-version', { got: Number(found!.split('/')[1]), expected: 1 });
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success)
    throw new CxrError('key-vault', { path: parsed.error.issues[0]?.path.join('.') ?? '' });
  return parsed.data;
}

export const slotKinds = ({ slots }: VaultFile): Slot['kind'][] => slots.map(({ kind }) => kind);

/**
 * The vault's data key.
 *
 * @returns null when there is no such slot.
 * @throws CxrError `key-passphrase` for another passphrase, `key-vault` for another keychain.
 */
export async function openSlot(file: VaultFile, opener: Opener): Promise<Buffer | null> {
  const slot = file.slots.find(({ kind }) => kind === opener.kind);
  if (slot === undefined) return null;
  const key = await slotKey(slot, opener);
  const dataKey = unseal(key, Buffer.from(slot.wrapped, 'base64url'), slotText(slot));
  key.fill(0);
  if (dataKey !== null) return dataKey;
  if (opener.kind === 'passphrase') throw new CxrError('key-passphrase');
  throw new CxrError('key-vault', { reason: 'another keychain' });
}

/** A slot in which an opener finds the data key. */
export async function makeSlot(dataKey: Uint8Array, opener: Opener, kdf: Kdf): Promise<Slot> {
  const empty: Slot =
    opener.kind === 'system' ? { kind: 'system', wrapped: '' } : { kind: 'passphrase', kdf, wrapped: '' };
  const key = await slotKey(empty, opener);
  const sealed = seal(key, dataKey, slotText(empty));
  key.fill(0);
  return { ...empty, wrapped: sealed.toString('base64url') };
}

async function slotKey(slot: Slot, opener: Opener): Promise<Buffer> {
  const secret =
    slot.kind === 'passphrase' && opener.kind === 'passphrase'
      ? await passphraseKey(opener.passphrase, slot.kdf)
      : (opener as Extract<Opener, { kind: 'system' }>).key;
  return derive(secret, `cipherfilm vault slot/1 ${slot.kind}`);
}

const slotText = (slot: Slot): string => JSON.stringify([format, { ...slot, wrapped: '' }]);

/** The body is bound to the slots, so that nobody adds one of theirs. */
const bodyText = (slots: readonly Slot[]): string => JSON.stringify([format, slots]);

/** @throws CxrError `key-vault` when anything was altered. */
export function openBody(file: VaultFile, dataKey: Uint8Array): Buffer {
  const body = unseal(dataKey, Buffer.from(file.sealed, 'base64url'), bodyText(file.slots));
  if (body === null) throw new CxrError('key-vault', { reason: 'altered' });
  return body;
}

export function sealBody(slots: readonly Slot[], dataKey: Uint8Array, body: Uint8Array): VaultFile {
  return {
    format,
    slots: [...slots],
    sealed: seal(dataKey, body, bodyText(slots)).toString('base64url'),
  };
}

export const freshDataKey = (): Buffer => randomBytes(keyBytes);
