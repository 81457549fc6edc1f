import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { Tenant } from '../tenants/tenant.ts';

export type KeyLimits = { readonly keys: number; readonly bytes: number };
/** Keys that are stored. Whoever has sent them whole is one of their owners; the first one is charged for them. */
export type StoredKey = {
  readonly bundle: BundleId;
  readonly bytes: number;
  readonly owners: Set<Tenant>;
  usedAt: number;
};

/** Whether a queued or running job needs these keys; such keys are never evicted. */
export type InUse = (id: KeyId) => boolean;

/**
 * Chooses the keys that must go for new ones to fit. The tenant whose keys take the most room gives, its least recently
 * used keys first, so that nobody pushes out others by sending many.
 *
 * @throws CxrError `quota-exceeded` when keys in use leave no room.
 */
export function victimsFor(
  incoming: { readonly bytes: number; readonly tenant: Tenant },
  stored: ReadonlyMap<KeyId, StoredKey>,
  limits: KeyLimits,
  inUse: InUse,
): KeyId[] {
  const left = new Map(stored);
  const victims: KeyId[] = [];
  const isOver = () => left.size + 1 > limits.keys || bytesOf(left) + incoming.bytes > limits.bytes;
  while (isOver()) {
    const heavy = byWeight(left, incoming);
    const next = [...left]
      .filter(([id]) => !inUse(id))
      .sort(([, one], [, other]) => {
        const weights = (heavy.get(payerOf(other)) ?? 0) - (heavy.get(payerOf(one)) ?? 0);
        return weights || one.usedAt - other.usedAt;
      })[0];
    if (next === undefined) throw new CxrError('quota-exceeded', { field: 'keys', expected: limits.keys });
    victims.push(next[0]);
    left.delete(next[0]);
  }
  return victims;
}

const bytesOf = (keys: ReadonlyMap<KeyId, StoredKey>): number =>
  [...keys.values()].reduce((sum, key) => sum + key.bytes, 0);

const payerOf = ({ owners }: StoredKey): Tenant | undefined => [...owners][0];

/** The bytes that each tenant would have. */
function byWeight(
  keys: ReadonlyMap<KeyId, StoredKey>,
  incoming: { readonly bytes: number; readonly tenant: Tenant },
): Map<Tenant | undefined, number> {
  const weights = new Map<Tenant | undefined, number>([[incoming.tenant, incoming.bytes]]);
  for (const key of keys.values()) weights.set(payerOf(key), (weights.get(payerOf(key)) ?? 0) + key.bytes);
  return weights;
}
