import { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import { seedBytes } from '../../he/client/secret-from-seed.ts';
import { fingerprintOf } from './fingerprint.ts';
import { hex32 } from './text.ts';

const when = z.iso.datetime();
const count = z.int().nonnegative();

/** One key as the vault keeps it, beside its seed. */
const recordSchema = z.strictObject({
  fingerprint: hex32,
  label: z.string().max(80),
  /** One more with every change of keys. */
  generation: z.int().min(1).max(1_000_000),
  created: when,
  origin: z.enum(['made', 'imported']),
  /** The parameter set that it is for (`parameterHash`). */
  parameters: hex32,
  /** Results that were decrypted with it, counted before they are shown. */
  decryptions: count,
  state: z.enum(['active', 'retired']),
  /** Evaluation keys made of it: the file `evaluation-keys/<keyId>` must have this digest. */
  evaluation: z.strictObject({ keyId: hex32, bundle: hex32, bytes: count }).nullable(),
});
export type KeyRecord = z.infer<typeof recordSchema>;

/** What the vault remembers of a key that was destroyed, so that somebody can answer for it. */
const destroyedSchema = z.strictObject({
  fingerprint: hex32,
  label: z.string().max(80),
  generation: z.int(),
  created: when,
  destroyed: when,
  decryptions: count,
});
export type Destroyed = z.infer<typeof destroyedSchema>;

const bodySchema = z.strictObject({
  /** One more with every change of this file. */
  revision: count,
  keys: z.array(recordSchema).max(1_000),
  destroyed: z.array(destroyedSchema).max(10_000),
  /** Evaluation keys that an evaluator has yet to be told to delete. */
  drops: z.array(z.strictObject({ keyId: hex32, evaluator: z.string().max(2_048) })).max(1_000),
});
/** The part of a body that is text and holds no secret. */
export type BodyText = z.infer<typeof bodySchema>;

/** What a vault holds once it is open. */
export type Body = BodyText & {
  /**
   * The seed of each key by its fingerprint. The vault fills a seed with zeros when its key is destroyed or the vault is
   * closed, so whoever needs one after an `await` takes a copy (`Vault.seed`).
   */
  readonly seeds: ReadonlyMap<string, Buffer>;
  /** The age identity that opens keys sent to this workstation; null until an address is first asked for. */
  readonly identity: string | null;
};

/** What a new vault holds. */
export const emptyBody = (): Body => ({
  revision: 0,
  keys: [],
  destroyed: [],
  drops: [],
  seeds: new Map(),
  identity: null,
});

/**
 * A body as bytes: u32 length of the text | text, JSON | 32 bytes of seed for each key, in order | identity, if any.
 * Seeds stay apart from the text because strings cannot be erased.
 *
 * @throws CxrError `key-unsaved` for a body that could not be read again; TypeError where a seed is not that of its key.
 */
export function encodeBody({ seeds, identity, ...text }: Body): Buffer {
  const checked = bodySchema.safeParse(text);
  if (!checked.success)
    throw new CxrError('key-unsaved', { path: checked.error.issues[0]?.path.join('.') ?? '' });
  const parts = checked.data.keys.map(({ fingerprint }) => {
    const seed = seeds.get(fingerprint);
    // A seed that was erased meanwhile must never take the place of the one in the file.
    if (seed === undefined || !isSeedOf(seed, fingerprint)) throw new TypeError('a key without its seed');
    return seed;
  });
  const json = Buffer.from(JSON.stringify(checked.data), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, ...parts, Buffer.from(identity ?? '', 'utf8')]);
}

/** Reads what `encodeBody` wrote. @throws CxrError `key-vault` for a body that this program did not write. */
export function decodeBody(bytes: Buffer): Body {
  const seeds = new Map<string, Buffer>();
  try {
    const length = bytes.readUInt32LE(0);
    const text = bodySchema.parse(JSON.parse(bytes.toString('utf8', 4, 4 + length)));
    let at = 4 + length;
    for (const { fingerprint } of text.keys) {
      const seed = Buffer.from(bytes.subarray(at, at + seedBytes));
      seeds.set(fingerprint, seed);
      if (!isSeedOf(seed, fingerprint)) throw new RangeError();
      at += seedBytes;
    }
    return { ...text, seeds, identity: bytes.length > at ? bytes.toString('utf8', at) : null };
  } catch {
    for (const seed of seeds.values()) seed.fill(0);
    throw new CxrError('key-vault', { reason: 'content' });
  }
}

const isSeedOf = (seed: Uint8Array, fingerprint: string): boolean =>
  seed.length === seedBytes && fingerprintOf(seed) === fingerprint;

/** Erases the seeds of `earlier` that `later` does not have; those of both are kept in the place where they were. */
export function succeed(earlier: Body, later: Body): Body {
  const seeds = new Map<string, Buffer>();
  for (const [fingerprint, seed] of later.seeds) {
    const known = earlier.seeds.get(fingerprint) ?? seed;
    if (known !== seed) seed.fill(0);
    seeds.set(fingerprint, known);
  }
  for (const [fingerprint, seed] of earlier.seeds) if (!seeds.has(fingerprint)) seed.fill(0);
  return { ...later, seeds };
}
