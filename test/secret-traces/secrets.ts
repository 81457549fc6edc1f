import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleDescription } from '../../contract/bundle.ts';
import { ternarySecret, transformedResidues } from '../../he/client/secret-from-seed.ts';
import { checkParams } from '../../he/params.ts';
import { activeKey } from '../../main/vault/keys/key-records.ts';
import { Vault } from '../../main/vault/vault.ts';
import {
  type Opener,
  openPassphraseSlot,
  openSystemSlot,
  parseVaultFile,
} from '../../main/vault/vault-file.ts';

/** Everything of a workstation's key that nobody but its engine may hold. */
export type Secrets = {
  readonly seed: Buffer;
  /** The key under which the vault's body is sealed. */
  readonly dataKey: Buffer;
  /** The age identity, `AGE-SECRET-KEY-…`; null where none was made. */
  readonly identity: string | null;
  /** N coefficients in {-1, 0, 1}. */
  readonly ternary: Int8Array;
  /** For each prime the N residues as SEAL holds them, transformed. */
  readonly residues: readonly { readonly prime: bigint; readonly values: Uint32Array }[];
};

/**
 * Learns the secrets of a vault as the engine does, from its file.
 *
 * @param folder  with `vault.json`.
 * @param opener  what opens the vault.
 */
export async function secretsOf(
  folder: string,
  opener: Opener,
  description: BundleDescription,
): Promise<Secrets> {
  const params = checkParams(description.ckks);
  const systemKey = opener.kind === 'system' ? opener.key : null;
  using vault = await Vault.open({ folder, systemKey });
  const file = parseVaultFile(readFileSync(join(folder, 'vault.json'), 'utf8'));
  if (opener.kind === 'passphrase') await vault.unlock(opener.passphrase);
  const dataKey =
    opener.kind === 'passphrase'
      ? await openPassphraseSlot(file, opener.passphrase)
      : openSystemSlot(file, opener.key)!;
  const [key] = vault.body.keys;
  const seed = vault.seed((activeKey(vault.body, key!.parameters) ?? key!).fingerprint);
  const ternary = ternarySecret(seed, params);
  const residues = [...params.dataPrimes, params.specialPrime].map((prime) => {
    const words = new Uint32Array(transformedResidues(ternary, prime).slice().buffer);
    // The shipped primes are below 2^32, so that every other word is 0.
    return { prime, values: words.filter((_, index) => index % 2 === 0) };
  });
  return { seed, dataKey, identity: vault.body.identity, ternary, residues };
}
