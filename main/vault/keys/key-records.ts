import { CxrError } from '../../../contract/errors.ts';
import type { KeyFacts } from '../exports/export-file.ts';
import { fingerprintOf } from '../fingerprint.ts';
import type { Body, Destroyed, KeyRecord } from '../vault-body.ts';

/** Changes of what a vault holds. Each makes a new body of the present one (Vault.update). */

/** Finds the key in use for a parameter set, the latest where there are several. */
export const activeKey = ({ keys }: Body, parameters: string): KeyRecord | undefined =>
  keys.findLast((key) => key.state === 'active' && key.parameters === parameters);

/** Finds a key by its fingerprint. @throws CxrError `key-unknown`. */
export function keyNamed({ keys }: Body, fingerprint: string): KeyRecord {
  const found = keys.find((key) => key.fingerprint === fingerprint);
  if (found === undefined) throw new CxrError('key-unknown', { fingerprint });
  return found;
}

/** Changes one key's record. */
export function withRecord(
  body: Body,
  fingerprint: string,
  change: (key: KeyRecord) => Partial<KeyRecord>,
): Body {
  const keys = body.keys.map((key) => (key.fingerprint === fingerprint ? { ...key, ...change(key) } : key));
  return { ...body, keys };
}

/** What is new about a key that comes in. */
export type Incoming = Pick<KeyRecord, 'parameters' | 'label' | 'origin'> &
  Partial<Pick<KeyRecord, 'created' | 'decryptions' | 'generation' | 'evaluation'>>;

/**
 * Puts a key in use. The one that was in use for the same parameters is retired; it is kept, because exports and old
 * ciphertexts may need it.
 *
 * @param seed  becomes the vault's.
 */
export function withActiveKey(body: Body, seed: Buffer, incoming: Incoming): Body {
  const fingerprint = fingerprintOf(seed);
  const record: KeyRecord = {
    created: new Date().toISOString(),
    decryptions: 0,
    // Destroyed keys had their numbers too.
    generation: 1 + Math.max(0, ...[...body.keys, ...body.destroyed].map(({ generation }) => generation)),
    evaluation: null,
    ...incoming,
    fingerprint,
    state: 'active',
  };
  const others = body.keys
    .filter((key) => key.fingerprint !== fingerprint)
    .map((key) => (key.parameters === incoming.parameters ? { ...key, state: 'retired' as const } : key));
  return { ...body, keys: [...others, record], seeds: new Map([...body.seeds, [fingerprint, seed]]) };
}

/** Takes a key out for good; the vault erases its seed. What remains is that it was there. */
export function withoutKey(body: Body, fingerprint: string, destroyed: string): Body {
  const { label, generation, created, decryptions } = keyNamed(body, fingerprint);
  const entry: Destroyed = { fingerprint, label, generation, created, destroyed, decryptions };
  const seeds = new Map(body.seeds);
  seeds.delete(fingerprint);
  return {
    ...body,
    keys: body.keys.filter((key) => key.fingerprint !== fingerprint),
    seeds,
    destroyed: [...body.destroyed, entry],
  };
}

/** Notes that an evaluator is to be told to delete evaluation keys. */
export const withDrop = (body: Body, keyId: string, evaluator: string): Body => ({
  ...body,
  drops: [...body.drops.filter((drop) => drop.keyId !== keyId), { keyId, evaluator }],
});
/** Notes that it was told. */
export const withoutDrop = (body: Body, keyId: string): Body => ({
  ...body,
  drops: body.drops.filter((drop) => drop.keyId !== keyId),
});

/** What an export says in the clear of a key. */
export const factsOf = ({
  parameters,
  fingerprint,
  generation,
  decryptions,
  created,
  label,
}: KeyRecord): KeyFacts => ({ parameters, fingerprint, generation, decryptions, created, label });
