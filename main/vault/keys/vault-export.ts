import { CxrError } from '../../../contract/errors.ts';
import type { KeyFacts } from '../exports/export-file.ts';
import { decodeBody } from '../vault-body.ts';
import { openBody, openPassphraseSlot, parseVaultFile, slotKinds, type VaultFile } from '../vault-file.ts';
import { factsOf } from './key-records.ts';

/** Tells whether a file is a vault, which it is when somebody set it aside (`setVaultAside`) and wants a key of it back. */
export const isVaultFile = (bytes: Uint8Array): boolean =>
  /^\{\s*"format":\s*"cipherfilm-vault\//.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'));

/**
 * Opens a vault that is not the one in use, and gives the key that was in use there.
 *
 * @param parameters  the parameter set for which a key is wanted. Without one for it, the key in use for another is given.
 * @param openOther   finds the data key without a passphrase, where this workstation's keychain does.
 * @returns           the seed, which the caller erases, and what the vault says of the key.
 * @throws CxrError `key-passphrase` for another passphrase or none, `key-locked` where no passphrase opens it, `key-none`
 *   where no key was in use, and as `parseVaultFile`.
 */
export async function openVaultFile(
  bytes: Uint8Array,
  passphrase: string | null,
  parameters: string,
  openOther: (file: VaultFile) => Buffer | null = () => null,
): Promise<{ readonly seed: Buffer; readonly about: KeyFacts }> {
  const file = parseVaultFile(Buffer.from(bytes).toString('utf8'));
  const dataKey = openOther(file) ?? (await withPassphrase(file, passphrase));
  const plain = openBody(file, dataKey);
  dataKey.fill(0);
  if (plain === null) throw new CxrError('key-vault', { reason: 'altered' });
  const body = (() => {
    try {
      return decodeBody(plain);
    } finally {
      plain.fill(0);
    }
  })();
  try {
    const inUse = body.keys.filter(({ state }) => state === 'active');
    const record = inUse.findLast((key) => key.parameters === parameters) ?? inUse.at(-1);
    if (record === undefined) throw new CxrError('key-none');
    return { seed: Buffer.from(body.seeds.get(record.fingerprint)!), about: factsOf(record) };
  } finally {
    for (const seed of body.seeds.values()) seed.fill(0);
  }
}

function withPassphrase(file: VaultFile, passphrase: string | null): Promise<Buffer> {
  if (!slotKinds(file).includes('passphrase'))
    throw new CxrError('key-locked', { reason: 'another keychain' });
  if (passphrase === null) throw new CxrError('key-passphrase', { reason: 'none given' });
  return openPassphraseSlot(file, passphrase);
}
