import type { DestroyedKey, KeyState, KeySummary } from '../../contract/keys.ts';
import { fingerprintWords } from './fingerprint.ts';
import { decryptionBudget, rotationDue } from './rotation.ts';
import type { Vault } from './vault.ts';
import type { Body, Destroyed, KeyRecord } from './vault-body.ts';

export function summarise(record: KeyRecord): KeySummary {
  const { fingerprint, label, generation, created, origin, state, decryptions, evaluation } = record;
  return {
    ...{ fingerprint, label, generation, created, origin, state, decryptions },
    words: fingerprintWords(fingerprint),
    evaluationKeyBytes: evaluation?.bytes ?? null,
    due: state === 'active' ? rotationDue(record) : null,
  };
}

export const remember = (destroyed: Destroyed): DestroyedKey => ({
  ...destroyed,
  words: fingerprintWords(destroyed.fingerprint),
});

/** What may be told of a vault. @param uploadBytes  predicted size of evaluation keys. */
export function stateOf(vault: Vault, uploadBytes: number): KeyState {
  const body: Body | null = vault.state === 'open' ? vault.body : null;
  return {
    kept: vault.isKept,
    opensWith: vault.slots,
    locked: body === null,
    keys: (body?.keys ?? []).map(summarise).toReversed(),
    destroyed: (body?.destroyed ?? []).map(remember).toReversed(),
    budget: decryptionBudget,
    uploadBytes,
  };
}
