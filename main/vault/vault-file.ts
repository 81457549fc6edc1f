import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import { freshKdf, isTooCostly, kdfSchema, passphraseKey } from './passphrase-key.ts';
import { derive, keyBytes, seal, sealOverhead, unseal } from './sealed.ts';
import { base64url } from './text.ts';

/**
 * The vault's file, version 1, is indented JSON:
 *
 *   format  `cipherfilm-vault/1`
 *   slots   one or two; each holds the data key, sealed under what opens the slot
 *   sealed  the body (vault-body.ts), sealed under the data key
 *
 * The data key is 32 random bytes. A slot opens with the key of the system's keychain or with a passphrase.
 */
const version = 1;
const format = `cipherfilm-vault/${version}`;
const wrapped = base64url(keyBytes + sealOverhead);

const slotSchema = z.discriminatedUnion('kind', [
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

/** Largest vault file that is written or read: what `vault-body.ts` admits needs about 12 MiB. */
export const mostVaultBytes = 16 * 1024 * 1024;

/** What opens a vault: the key of the system's keychain, or a passphrase. */
export type Opener =
  | { readonly kind: 'system'; readonly key: Uint8Array }
  | { readonly kind: 'passphrase'; readonly passphrase: string };

/** The text of the file: one spelling for one content, so that no change of it goes unnoticed. */
export const vaultText = (file: VaultFile): string => `${JSON.stringify(file, null, 2)}\n`;

/**
 * Reads what needs no secret.
 *
 * @throws CxrError `key-vault` unless this is a vault in its one spelling, `key-file-version` for one of a newer program,
 *   `key-file-costly` where the passphrase would take too long.
 */
export function parseVaultFile(text: string): VaultFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CxrError('key-vault', { reason: 'not JSON' });
  }
  const named = z.looseObject({ format: z.string() }).safeParse(json).data?.format ?? '';
  const found = Number(/^cipherfilm-vault\/(\d{1,6})$/.exec(named)?.[1]);
  if (found > version) throw new CxrError('key-file-version', { got: found, expected: version });
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success)
    throw new CxrError(isTooCostly(parsed.error) ? 'key-file-costly' : 'key-vault', {
      path: parsed.error.issues[0]?.path.join('.') ?? '',
    });
  if (vaultText(parsed.data) !== text) throw new CxrError('key-vault', { reason: 'spelling' });
  return parsed.data;
}

/** What opens the file. */
export const slotKinds = ({ slots }: Pick<VaultFile, 'slots'>): Slot['kind'][] =>
  slots.map(({ kind }) => kind);

/** The data key, found with the key of the system's keychain; null where there is no such slot or another key made it. */
export function openSystemSlot(file: VaultFile, systemKey: Uint8Array): Buffer | null {
  const slot = file.slots.find(({ kind }) => kind === 'system');
  return slot === undefined ? null : unwrap(slot, systemSlotKey(systemKey));
}

/**
 * The data key, found with a passphrase; the cost is that of `passphraseKey`.
 *
 * @throws CxrError `key-passphrase` for another passphrase, `key-locked` where no passphrase opens this vault.
 */
export async function openPassphraseSlot(file: VaultFile, passphrase: string): Promise<Buffer> {
  const slot = file.slots.find((each) => each.kind === 'passphrase');
  if (slot === undefined) throw new CxrError('key-locked', { reason: 'no passphrase slot' });
  const dataKey = unwrap(slot, await passphraseKey(passphrase, slot.kdf, passphrasePurpose));
  if (dataKey === null) throw new CxrError('key-passphrase');
  return dataKey;
}

/** A slot in which an opener finds the data key. */
export async function makeSlot(dataKey: Uint8Array, opener: Opener, kdf = freshKdf()): Promise<Slot> {
  const isSystem = opener.kind === 'system';
  const empty: Slot = isSystem ? { kind: 'system', wrapped: '' } : { kind: 'passphrase', kdf, wrapped: '' };
  const key = isSystem
    ? systemSlotKey(opener.key)
    : await passphraseKey(opener.passphrase, kdf, passphrasePurpose);
  const sealed = seal(key, dataKey, slotText(empty));
  key.fill(0);
  return { ...empty, wrapped: sealed.toString('base64url') };
}

const passphrasePurpose = 'cipherfilm vault slot/1 passphrase';
const systemSlotKey = (systemKey: Uint8Array): Buffer => derive(systemKey, 'cipherfilm vault slot/1 system');

function unwrap(slot: Slot, key: Buffer): Buffer | null {
  const dataKey = unseal(key, Buffer.from(slot.wrapped, 'base64url'), slotText(slot));
  key.fill(0);
  return dataKey;
}

const slotText = (slot: Slot): string => JSON.stringify([format, { ...slot, wrapped: '' }]);

/** The body is bound to the slots, so that nobody adds one of theirs. */
const bodyText = (slots: readonly Slot[]): string => JSON.stringify([format, slots]);

/** The bytes of the body; null when the data key is another or anything was altered. */
export const openBody = (file: VaultFile, dataKey: Uint8Array): Buffer | null =>
  unseal(dataKey, Buffer.from(file.sealed, 'base64url'), bodyText(file.slots));

/** The inverse of `openBody`, with a new nonce. */
export const sealBody = (slots: readonly Slot[], dataKey: Uint8Array, body: Uint8Array): VaultFile => ({
  format,
  slots: [...slots],
  sealed: seal(dataKey, body, bodyText(slots)).toString('base64url'),
});

/** A random data key of 32 bytes. */
export const freshDataKey = (): Buffer => randomBytes(keyBytes);
