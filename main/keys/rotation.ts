import type { RotationReason } from '../../contract/keys.ts';
import type { KeyRecord } from './vault-body.ts';

/**
 * Results that one key may decrypt. CKKS gives results that hold a trace of the noise, and with very many of them shown to
 * an attacker a key could be found (Li and Micciancio, 2021); here results are rounded and stay on the workstation, so
 * this is a second line, far below what any attack has used.
 */
export const decryptionBudget = 100_000;
/** From this share of the budget on, and after this long, the program asks for another key. */
const reminderShare = 0.9;
const reminderMs = 365 * 24 * 3_600_000;

/** Why a key should be changed. */
export function rotationDue({ decryptions, created }: KeyRecord, now = Date.now()): RotationReason | null {
  if (decryptions >= reminderShare * decryptionBudget) return 'decryptions';
  return now - Date.parse(created) >= reminderMs ? 'age' : null;
}
