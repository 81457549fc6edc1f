import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Custody, inMemory } from '../../../contract/ipc/custody.ts';
import { KeyHolder } from '../../../he/client/keys.ts';
import { Keyring } from '../../../main/engine/keyring.ts';
import { VaultAccess } from '../../../main/engine/keys/vault-access.ts';
import { Vault } from '../../../main/vault/vault.ts';
import type { ClientHalf } from '../../../native-models/client-half.ts';
import { randomHefNet } from '../../he/random-network.ts';
import { smallBundle } from '../../he/small-bundle.ts';

const bundle = smallBundle(
  randomHefNet(3, { side: 16, widths: [8, 16], findings: 14, squeeze: 4, attention: true }),
);
const half = { id: bundle.id, description: bundle.description } as ClientHalf;

let folder: string;
let custody: Custody;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipherfilm-keyring-'));
  custody = { folder, systemKey: Buffer.alloc(32, 7) };
  // The small ring is below 128 bits, which the product refuses; nothing else of the key's making is replaced.
  vi.spyOn(KeyHolder, 'restore').mockImplementation((_description, seed) =>
    KeyHolder.fromSeed(bundle.params, seed),
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a keyring as a start of the program does; tells what it made. */
async function start(at = custody) {
  const fractions: number[] = [];
  const keyring = new Keyring(half, new VaultAccess(at));
  const keys = await keyring.keys((fraction) => fractions.push(fraction));
  return { keyring, keys, fractions };
}
const evaluationFiles = () => readdirSync(join(folder, 'evaluation-keys'));

describe('the workstation’s key', () => {
  it('is made at the first start and found at the next, evaluation keys and all', async () => {
    const first = await start();
    expect(first.fractions.at(0)).toBe(0);
    expect(first.fractions.at(-1)).toBe(1);
    first.keyring[Symbol.dispose]();
    const second = await start();
    expect(second.fractions).toEqual([]);
    expect(second.keys.fingerprint).toBe(first.keys.fingerprint);
    expect(second.keys.evaluation.keyId).toBe(first.keys.evaluation.keyId);
    expect(second.keys.generatedInMs).toBe(0);
    expect(evaluationFiles()).toEqual([first.keys.evaluation.keyId]);
  });

  it('makes other evaluation keys for the same secret where theirs are gone or altered', async () => {
    const first = await start();
    const path = join(folder, 'evaluation-keys', first.keys.evaluation.keyId);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    const second = await start();
    expect(second.keys.fingerprint).toBe(first.keys.fingerprint);
    expect(second.keys.evaluation.keyId).not.toBe(first.keys.evaluation.keyId);
    expect(evaluationFiles()).toEqual([second.keys.evaluation.keyId]);
  });

  it('counts its decryptions, and the count outlives the program', async () => {
    const first = await start();
    await first.keyring.countDecryption();
    await first.keyring.countDecryption();
    using vault = await Vault.open(custody);
    expect(vault.body.keys.map(({ decryptions }) => decryptions)).toEqual([2]);
  });

  it('is not made anew while the vault cannot be opened', async () => {
    await start();
    const before = readFileSync(join(folder, 'vault.json'), 'utf8');
    const keyring = new Keyring(half, new VaultAccess({ folder, systemKey: Buffer.alloc(32, 8) }));
    await expect(keyring.keys()).rejects.toMatchObject({ code: 'key-vault' });
    await expect(keyring.keys()).rejects.toMatchObject({ code: 'key-vault' });
    expect(keyring.keyId).toBeNull();
    expect(readFileSync(join(folder, 'vault.json'), 'utf8')).toBe(before);
  });

  it('ends with the process where nothing would keep it', async () => {
    const [first, second] = [await start(inMemory), await start(inMemory)];
    expect(first.keys.fingerprint).not.toBe(second.keys.fingerprint);
    expect(existsSync(join(folder, 'vault.json'))).toBe(false);
    await first.keyring.countDecryption();
  });

  it('never lies on the disk in the clear', async () => {
    const { keyring } = await start();
    using vault = await Vault.open(custody);
    const seed = vault.seed(vault.body.keys[0]!.fingerprint);
    const files = [
      join(folder, 'vault.json'),
      ...evaluationFiles().map((name) => join(folder, 'evaluation-keys', name)),
    ];
    for (const file of files) {
      const bytes = readFileSync(file);
      for (const form of [seed, seed.toString('hex'), seed.toString('base64'), seed.toString('base64url')])
        expect(bytes.includes(form)).toBe(false);
    }
    keyring[Symbol.dispose]();
  });
});
