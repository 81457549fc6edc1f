import { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import { seedBytes } from '../../he/secret-from-seed.ts';
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

/** What is left of a key that was destroyed. */
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
export type BodyText = z.infer<typeof bodySchema>;

/** What a vault holds once it is open. `seeds` by fingerprint; `identity` is age's, for keys sent to this workstation. */
export type Body = BodyText & { readonly seeds: Map<string, Buffer>; readonly identity: string | null };

export const emptyBody = (): Body => ({
  revision: 0,
  keys: [],
  destroyed: [],
  drops: [],
  seeds: new Map(),
  identity: null,
});

/** u32 length of the text | text | a seed for each key, in order | identity, if any. Kept apart so that seeds never become text. */
export function encodeBody({ seeds, identity, ...text }: Body): Buffer {
  const json = Buffer.from(JSON.stringify(text), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const parts = text.keys.map(({ fingerprint }) => seeds.get(fingerprint)!);
  return Buffer.concat([length, json, ...parts, Buffer.from(identity ?? '', 'utf8')]);
}

/** @throws CxrError `key-vault` for a body that this program did not write. */
export function decodeBody(bytes: Buffer): Body {
  try {
    const length = bytes.readUInt32LE(0);
    const text = bodySchema.parse(JSON.parse(bytes.toString('utf8', 4, 4 + length)));
    let at = 4 + length;
    const seeds = new Map<string, Buffer>();
    for (const { fingerprint } of text.keys) {
      if (at + seedBytes > bytes.length) throw new RangeError();
      seeds.set(fingerprint, Buffer.from(bytes.subarray(at, at + seedBytes)));
      at += seedBytes;
    }
    return { ...text, seeds, identity: bytes.length > at ? bytes.toString('utf8', at) : null };
  } catch {
    throw new CxrError('key-vault', { reason: 'content' });
  }
}
