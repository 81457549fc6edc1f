import { CxrError } from '../../../contract/errors.ts';
import type { KeySummary } from '../../../contract/ipc/vault.ts';
import { UsageError } from '../usage-error.ts';

/**
 * Finds the key that somebody means.
 *
 * @param given  the first digits of its fingerprint, eight or more; undefined for the key in use.
 * @throws UsageError for what is no beginning of a fingerprint, and for the beginning of several.
 * @throws CxrError `key-unknown`; `key-none` where no key is in use.
 */
export function chooseKey(keys: readonly KeySummary[], given: string | undefined): KeySummary {
  if (given === undefined) {
    const active = keys.find(({ state }) => state === 'active');
    if (active === undefined) throw new CxrError('key-none');
    return active;
  }
  const digits = given.toLowerCase();
  if (!/^[0-9a-f]{8,64}$/.test(digits))
    throw new UsageError('a key is named by the first digits of its fingerprint, eight or more');
  const [found, second] = keys.filter(({ fingerprint }) => fingerprint.startsWith(digits));
  if (found === undefined) throw new CxrError('key-unknown', { fingerprint: digits });
  if (second !== undefined) throw new UsageError('several keys begin with these digits; give more of them');
  return found;
}
