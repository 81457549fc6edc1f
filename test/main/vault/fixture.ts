import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CxrError } from '../../../contract/errors.ts';
import { fingerprintOf } from '../../../main/vault/fingerprint.ts';
import type { Kdf } from '../../../main/vault/passphrase-key.ts';
import { type Body, emptyBody, encodeBody, type KeyRecord } from '../../../main/vault/vault-body.ts';
import { freshDataKey, makeSlot, type Opener, sealBody, vaultText } from '../../../main/vault/vault-file.ts';

export const passphrase = 'violet anvil drizzle cathode';
export const otherPassphrase = 'pelican turnstile mosaic ember';
export const systemKey = Buffer.alloc(32, 5);

/** The cheapest that a file may ask for, about 20 ms: tests that open many files take it. */
export const cheapKdf = (): Kdf => ({
  name: 'argon2id',
  memoryKiB: 8192,
  passes: 1,
  lanes: 1,
  salt: randomBytes(16).toString('base64url'),
});

/** A folder for one vault, gone with the scope that uses it. */
export function vaultFolder(): { readonly folder: string; readonly file: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-vault-'));
  return {
    folder,
    file: join(folder, 'vault.json'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const seedOf = (byte: number): Buffer => Buffer.alloc(32, byte);

export const recordOf = (seed: Buffer): KeyRecord => ({
  fingerprint: fingerprintOf(seed),
  label: 'Room 4',
  generation: 1,
  created: '2026-11-23T08:00:00.000Z',
  origin: 'made',
  parameters: 'ab'.repeat(32),
  decryptions: 0,
  state: 'active',
  evaluation: null,
});

/** The change that adds the key of a seed; the vault gets a copy. */
export const adding =
  (seed: Buffer) =>
  (body: Body): Body => ({
    ...body,
    keys: [...body.keys, recordOf(seed)],
    seeds: new Map([...body.seeds, [fingerprintOf(seed), Buffer.from(seed)]]),
  });

/** Writes a vault with one key that these open, with a cheap passphrase. */
export async function writeCheapVault(file: string, openers: readonly Opener[]): Promise<void> {
  const dataKey = freshDataKey();
  const slots = await Promise.all(openers.map((opener) => makeSlot(dataKey, opener, cheapKdf())));
  const body = encodeBody(adding(seedOf(1))(emptyBody()));
  writeFileSync(file, vaultText(sealBody(slots, dataKey, body)));
}

/** Exchanges one byte of a file's bytes. */
export function withByte(bytes: Uint8Array, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = value;
  return changed;
}

export const bytesOf = (file: string): Buffer => readFileSync(file);

/** The code with which something was refused; `opened` when it was not, and whatever is no refusal is thrown on. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'opened';
  } catch (error) {
    if (error instanceof CxrError) return error.code;
    throw error;
  }
}
