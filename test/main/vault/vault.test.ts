import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stateOf } from '../../../main/vault/summary.ts';
import { Vault } from '../../../main/vault/vault.ts';
import { parseVaultFile } from '../../../main/vault/vault-file.ts';
import {
  adding,
  codeOf,
  otherPassphrase,
  passphrase,
  recordOf,
  seedOf,
  systemKey,
  vaultFolder,
  writeCheapVault,
} from './fixture.ts';

const seed = seedOf(1);
const { fingerprint } = recordOf(seed);
const otherKey = Buffer.alloc(32, 6);

/** Makes a vault with one key and closes it. */
async function create(folder: string, by: { keychain: boolean; passphrase: boolean }): Promise<void> {
  using vault = await Vault.open({ folder, systemKey: by.keychain ? systemKey : null });
  vault.update(adding(seed));
  if (by.passphrase) await vault.protect({ passphrase, system: by.keychain });
}

const reopen = (folder: string, key: Uint8Array | null = null) => Vault.open({ folder, systemKey: key });

describe('a vault that is opened again', () => {
  it('gives its key to the keychain that protects it', async () => {
    using place = vaultFolder();
    await create(place.folder, { keychain: true, passphrase: false });
    using vault = await reopen(place.folder, systemKey);
    expect(vault.state).toBe('open');
    expect(vault.slots).toEqual(['system']);
    expect(vault.body.keys).toEqual([recordOf(seed)]);
    expect(vault.seed(fingerprint).equals(seed)).toBe(true);
    expect(await codeOf(() => vault.seed('0'.repeat(64)))).toBe('key-unknown');
  });

  it('gives its key to the passphrase alone, whichever way its accents are typed', async () => {
    using place = vaultFolder();
    using vault = await reopen(place.folder);
    vault.update(adding(seed));
    // Nothing opens it yet, so nothing is written.
    expect(vault.isKept).toBe(false);
    expect(existsSync(place.file)).toBe(false);
    await vault.protect({ passphrase: `${passphrase} caf\u00e9`, system: false });
    expect(vault.isKept).toBe(true);

    using again = await reopen(place.folder, systemKey);
    expect(again.state).toBe('locked');
    expect(again.slots).toEqual(['passphrase']);
    expect(await codeOf(() => again.body)).toBe('key-locked');
    expect(stateOf(again, 7)).toMatchObject({ locked: true, kept: true, keys: [], uploadBytes: 7 });
    await again.unlock(`${passphrase} cafe\u0301`);
    expect(again.seed(fingerprint).equals(seed)).toBe(true);
  });

  it('gives its key to either of both', async () => {
    using place = vaultFolder();
    await create(place.folder, { keychain: true, passphrase: true });
    using byKeychain = await reopen(place.folder, systemKey);
    expect(byKeychain.seed(fingerprint).equals(seed)).toBe(true);
    using byPassphrase = await reopen(place.folder);
    expect(byPassphrase.slots).toEqual(['system', 'passphrase']);
    await byPassphrase.unlock(passphrase);
    expect(byPassphrase.seed(fingerprint).equals(seed)).toBe(true);
  });

  it('opens with the passphrase after the keychain was reset, and not at all without one', async () => {
    using place = vaultFolder();
    await create(place.folder, { keychain: true, passphrase: true });
    using vault = await reopen(place.folder, otherKey);
    expect(vault.state).toBe('locked');
    await vault.unlock(passphrase);
    expect(vault.seed(fingerprint).equals(seed)).toBe(true);
    // Protected again, it opens with the new keychain and no longer with the old one.
    await vault.protect({ passphrase: null, system: true });
    expect((await reopen(place.folder, otherKey)).state).toBe('open');
    expect(await codeOf(() => reopen(place.folder, systemKey))).toBe('key-vault');
  });

  it('can be given back to the keychain after it was locked and unlocked', async () => {
    using place = vaultFolder();
    await create(place.folder, { keychain: true, passphrase: true });
    {
      // An engine that follows a locked one is not given the keychain's key before the passphrase is there.
      using locked = await reopen(place.folder);
      expect(await codeOf(() => locked.unlock(otherPassphrase, systemKey))).toBe('key-passphrase');
      expect(locked.state).toBe('locked');
      await locked.unlock(passphrase, systemKey);
      await locked.protect({ passphrase: null, system: true });
      expect(locked.slots).toEqual(['system']);
    }
    using again = await reopen(place.folder, systemKey);
    expect(again.seed(fingerprint).equals(seed)).toBe(true);
  });

  it('is not said to open with a keychain that is not there', async () => {
    using place = vaultFolder();
    await create(place.folder, { keychain: true, passphrase: true });
    using vault = await reopen(place.folder);
    await vault.unlock(passphrase);
    expect(await codeOf(() => vault.protect({ passphrase, system: true }))).toBe('key-unsaved');
    expect(vault.slots).toEqual(['system', 'passphrase']);
  });

  it('can be read by this user alone', async () => {
    using place = vaultFolder();
    await create(place.folder, { keychain: true, passphrase: false });
    // Windows keeps permissions elsewhere.
    if (process.platform !== 'win32') expect(statSync(place.file).mode & 0o777).toBe(0o600);
    expect(readFileSync(place.file, 'utf8')).not.toContain('Room 4');
  });
});

describe('a passphrase', () => {
  it('is refused when it is another one, and tried without closing a vault that is open', async () => {
    using place = vaultFolder();
    await writeCheapVault(place.file, [{ kind: 'passphrase', passphrase }]);
    using vault = await reopen(place.folder);
    expect(await codeOf(() => vault.unlock(otherPassphrase))).toBe('key-passphrase');
    expect(vault.state).toBe('locked');
    await vault.unlock(passphrase);
    expect(await codeOf(() => vault.unlock(otherPassphrase))).toBe('key-passphrase');
    expect(vault.state).toBe('open');
    expect([await vault.admits(passphrase), await vault.admits(otherPassphrase)]).toEqual([true, false]);
  });

  it('is not asked for where none was set', async () => {
    using place = vaultFolder();
    await writeCheapVault(place.file, [{ kind: 'system', key: systemKey }]);
    using vault = await reopen(place.folder);
    expect(await codeOf(() => vault.unlock(passphrase))).toBe('key-locked');
    expect(await vault.admits(passphrase)).toBe(false);
  });

  // The last is "password1234" in wide letters, which Unicode's compatibility form makes the same word.
  it.each([
    'radiology',
    'Password123!',
    'qwertyuiop',
    '2026-11-23',
    'cipherfilm',
    'ｐａｓｓｗｏｒｄ１２３４',
  ])('is refused when it is as weak as %s, and nothing is changed', async (weak) => {
    using place = vaultFolder();
    await create(place.folder, { keychain: true, passphrase: false });
    const before = readFileSync(place.file, 'utf8');
    using vault = await reopen(place.folder, systemKey);
    const tried = () => vault.protect({ passphrase: weak, system: true });
    expect(await codeOf(tried)).toBe('key-passphrase-weak');
    expect(readFileSync(place.file, 'utf8')).toBe(before);
  });

  it('that was replaced opens nothing that is written later', async () => {
    using place = vaultFolder();
    await create(place.folder, { keychain: false, passphrase: true });
    const before = parseVaultFile(readFileSync(place.file, 'utf8'));
    using vault = await reopen(place.folder);
    await vault.unlock(passphrase);
    await vault.protect({ passphrase: otherPassphrase, system: false });
    using again = await reopen(place.folder);
    expect(await codeOf(() => again.unlock(passphrase))).toBe('key-passphrase');
    // Whoever kept the old slot finds the old data key in it, which seals nothing any more.
    const after = parseVaultFile(readFileSync(place.file, 'utf8'));
    writeFileSync(place.file, `${JSON.stringify({ ...after, slots: before.slots }, null, 2)}\n`);
    expect(await codeOf(() => again.unlock(passphrase))).toBe('key-vault');
  });

  it('is not taken away when nothing else would open the vault', async () => {
    using place = vaultFolder();
    await create(place.folder, { keychain: false, passphrase: true });
    using vault = await reopen(place.folder);
    await vault.unlock(passphrase);
    expect(await codeOf(() => vault.protect({ passphrase: null, system: true }))).toBe('key-unsaved');
    using inMemory = await Vault.open({ folder: null, systemKey });
    expect(await codeOf(() => inMemory.protect({ passphrase, system: true }))).toBe('key-unsaved');
  });
});

describe('a vault in memory', () => {
  it('keeps keys until it is closed, and writes nothing', async () => {
    const vault = await Vault.open({ folder: null, systemKey });
    vault.update(adding(seed));
    expect(stateOf(vault, 0)).toMatchObject({ kept: false, opensWith: [], locked: false });
    expect(vault.seed(fingerprint).equals(seed)).toBe(true);
    vault[Symbol.dispose]();
    expect(vault.state).toBe('locked');
    expect(await codeOf(() => vault.body)).toBe('key-locked');
  });

  it('takes no keychain key of another length', async () => {
    await expect(Vault.open({ folder: null, systemKey: new Uint8Array(0) })).rejects.toThrow(TypeError);
  });
});

describe('a change of the vault', () => {
  it('erases the seed of a key that is left out, and remembers what was destroyed', async () => {
    using place = vaultFolder();
    using vault = await reopen(place.folder, systemKey);
    vault.update(adding(seed));
    vault.update(adding(seedOf(2)));
    const { label, generation, created, decryptions } = recordOf(seed);
    const destroyed = { fingerprint, label, generation, created, decryptions, destroyed: created };
    const held = vault.body.seeds.get(fingerprint)!;
    vault.update((body) => ({
      ...body,
      keys: body.keys.slice(1),
      seeds: new Map([...body.seeds].slice(1)),
      destroyed: [destroyed],
    }));
    expect(held.every((byte) => byte === 0)).toBe(true);
    const { keys, destroyed: gone } = stateOf(await reopen(place.folder, systemKey), 0);
    expect(keys.map(({ fingerprint: left }) => left)).toEqual([recordOf(seedOf(2)).fingerprint]);
    expect(gone).toMatchObject([{ fingerprint, words: { length: 6 } }]);
    expect(vault.body.revision).toBe(3);
  });

  it('is refused when it could not be read again, or lacks a seed, and leaves the vault as it was', async () => {
    using place = vaultFolder();
    using vault = await reopen(place.folder, systemKey);
    vault.update(adding(seed));
    const before = readFileSync(place.file, 'utf8');
    const tooLong = { ...recordOf(seed), label: 'x'.repeat(81) };
    expect(await codeOf(() => vault.update((body) => ({ ...body, keys: [tooLong] })))).toBe('key-unsaved');
    expect(() => vault.update((body) => ({ ...body, seeds: new Map() }))).toThrow(TypeError);
    const erased = new Map([[fingerprint, Buffer.alloc(32)]]);
    expect(() => vault.update((body) => ({ ...body, seeds: erased }))).toThrow(TypeError);
    expect(readFileSync(place.file, 'utf8')).toBe(before);
    expect(vault.seed(fingerprint).equals(seed)).toBe(true);
  });

  it('is not written by a vault that was closed while its passphrase was stretched', async () => {
    using place = vaultFolder();
    const vault = await reopen(place.folder, systemKey);
    vault.update(adding(seed));
    const before = readFileSync(place.file, 'utf8');
    const protecting = codeOf(() => vault.protect({ passphrase, system: true }));
    vault[Symbol.dispose]();
    expect(await protecting).toBe('key-locked');
    expect(readFileSync(place.file, 'utf8')).toBe(before);
  });
});
