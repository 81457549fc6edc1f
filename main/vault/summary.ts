import { CxrError } from '../../contract/errors.ts';
import type { DestroyedKey, KeyState, KeySummary } from '../../contract/ipc/vault.ts';
import { fingerprintWords } from './fingerprint.ts';
import { decryptionBudget, longestDays, rotationDue } from './rotation.ts';
import type { Vault } from './vault.ts';
import type { Body, Destroyed, KeyRecord } from './vault-body.ts';

/** What may be known of a key: everything but its seed. */
export function summarise(record: KeyRecord): KeySummary {
  const { fingerprint, label, generation, created, origin, state, decryptions, evaluation } = record;
  return {
    ...{ fingerprint, label, generation, created, origin, state, decryptions },
    words: fingerprintWords(fingerprint),
    evaluationKeyBytes: evaluation?.bytes ?? null,
    due: state === 'active' ? rotationDue(record) : null,
  };
}

/** What may be known of a key that was destroyed. */
export const remember = (destroyed: Destroyed): DestroyedKey => ({
  ...destroyed,
  words: fingerprintWords(destroyed.fingerprint),
});

/**
 * What may be told of a vault, also of a locked one; a locked vault tells nothing of its keys.
 *
 * @param uploadBytes  predicted size of evaluation keys.
 * @throws CxrError as `Vault.open` for a file that was altered meanwhile.
 */
export function stateOf(vault: Vault, uploadBytes: number): KeyState {
  const body = bodyOf(vault);
  return {
    kept: vault.isKept,
    opensWith: vault.slots,
    locked: body === null,
    keys: (body?.keys ?? []).map(summarise).toReversed(),
    destroyed: (body?.destroyed ?? []).map(remember).toReversed(),
    setAside: vault.setAside,
    budget: decryptionBudget,
    longestDays,
    uploadBytes,
  };
}

/** Null for a locked vault, and for one that another process has just locked this one out of. */
function bodyOf(vault: Vault): Body | null {
  try {
    return vault.body;
  } catch (error) {
    if (error instanceof CxrError && error.code === 'key-locked') return null;
    throw error;
  }
}
