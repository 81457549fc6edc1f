import type { RotationReason } from '../../contract/ipc/vault.ts';
import type { KeyRecord } from './vault-body.ts';

/**
 * Results that one key may decrypt. A CKKS result holds a trace of its noise, and whoever sees very many of them could
 * find the key (Li and Micciancio, Eurocrypt 2021). Results here are rounded and stay on the workstation, so this bound
 * is a second line of defence, far below what any published attack has used.
 */
export const decryptionBudget = 100_000;
/** The age at which a key should be changed, days. */
export const longestDays = 365;
/** The program asks for another key from this share of the budget on, and once the key is that old. */
const reminderShare = 0.9;
const reminderMs = longestDays * 24 * 3_600_000;

/** Why a key should be changed; null while it need not be. @param now  milliseconds since 1970. */
export function rotationDue({ decryptions, created }: KeyRecord, now = Date.now()): RotationReason | null {
  if (decryptions >= reminderShare * decryptionBudget) return 'decryptions';
  return now - Date.parse(created) >= reminderMs ? 'age' : null;
}
