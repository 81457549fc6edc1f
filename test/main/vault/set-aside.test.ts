import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setVaultAside } from '../../../main/settings/set-aside.ts';
import { fingerprintOf } from '../../../main/vault/fingerprint.ts';
import { importKey, inspectKey } from '../../../main/vault/keys/key-files.ts';
import { stateOf } from '../../../main/vault/summary.ts';
import { Vault } from '../../../main/vault/vault.ts';
import {
  bytesOf,
  codeOf,
  otherPassphrase,
  passphrase,
  recordOf,
  seedOf,
  systemKey,
  vaultFolder,
  withByte,
  writeCheapVault,
} from './fixture.ts';

const day = new Date('2026-11-28T23:30:00Z');
const { parameters } = recordOf(seedOf(1));
const fingerprint = fingerprintOf(seedOf(1));

/** A data folder whose vault a passphrase opens. */
async function withVault(
  openers: Parameters<typeof writeCheapVault>[1] = [{ kind: 'passphrase', passphrase }],
) {
  const place = vaultFolder();
  const keys = join(place.folder, 'keys');
  mkdirSync(join(keys, 'evaluation-keys'), { recursive: true });
  writeFileSync(join(keys, 'evaluation-keys', 'ab'), 'public');
  await writeCheapVault(join(keys, 'vault.json'), openers);
  return { ...place, keys, data: place.folder };
}

describe('a vault that nobody can open', () => {
  it('is moved aside as it was, and another one begins in its place', async () => {
    using place = await withVault();
    const before = bytesOf(join(place.keys, 'vault.json'));
    const aside = setVaultAside(place.data, day);
    expect(aside).toBe(join(place.keys, 'keys-set-aside-2026-11-28.key'));
    expect(bytesOf(aside)).toEqual(before);
    // Evaluation keys go with the vault that knew of them.
    expect(readdirSync(place.keys)).toEqual(['keys-set-aside-2026-11-28.key']);
    using fresh = await Vault.open({ folder: place.keys, systemKey });
    expect([fresh.state, fresh.body.keys]).toEqual(['open', []]);
  });

  it('never takes the place of one that was set aside on the same day', async () => {
    using place = await withVault();
    const first = setVaultAside(place.data, day);
    await writeCheapVault(join(place.keys, 'vault.json'), [
      { kind: 'passphrase', passphrase: otherPassphrase },
    ]);
    const second = setVaultAside(place.data, day);
    expect(second).toBe(join(place.keys, 'keys-set-aside-2026-11-28-2.key'));
    expect(readFileSync(first).equals(readFileSync(second))).toBe(false);
  });

  it('is not needed for an answer: where there is none, nothing is made', async () => {
    using none = vaultFolder();
    expect(await codeOf(() => setVaultAside(none.folder))).toBe('key-vault');
    expect(readdirSync(none.folder)).toEqual([]);
  });

  it('gives its key back to whoever finds the passphrase, as an export does', async () => {
    using place = await withVault();
    const aside = setVaultAside(place.data, day);
    using fresh = await Vault.open({ folder: place.keys, systemKey });
    expect(await codeOf(() => inspectKey(fresh, aside, null, parameters))).toBe('key-passphrase');
    expect(await codeOf(() => inspectKey(fresh, aside, otherPassphrase, parameters))).toBe('key-passphrase');
    const facts = await inspectKey(fresh, aside, passphrase, parameters);
    expect([facts.key.fingerprint, facts.parametersMatch, facts.isKnown]).toEqual([fingerprint, true, false]);
    expect(fresh.body.keys).toEqual([]);
    await importKey(fresh, aside, passphrase, { fingerprint, parameters });
    expect(fresh.seed(fingerprint)).toEqual(seedOf(1));
    expect(fresh.body.keys.map(({ state, origin }) => [state, origin])).toEqual([['active', 'imported']]);
  });

  it('opens by itself where this keychain opens it, and says of another keychain that no passphrase does', async () => {
    using place = await withVault([{ kind: 'system', key: systemKey }]);
    const aside = setVaultAside(place.data, day);
    using here = await Vault.open({ folder: place.keys, systemKey });
    expect((await inspectKey(here, aside, null, parameters)).key.fingerprint).toBe(fingerprint);
    using elsewhere = await Vault.open({ folder: null, systemKey: Buffer.alloc(32, 6) });
    for (const given of [null, passphrase])
      expect(await codeOf(() => inspectKey(elsewhere, aside, given, parameters))).toBe('key-locked');
  });

  it('is named as long as it lies there', async () => {
    using place = await withVault();
    using before = await Vault.open({ folder: place.keys, systemKey: null });
    expect(stateOf(before, 0).setAside).toEqual([]);
    setVaultAside(place.data, day);
    using after = await Vault.open({ folder: place.keys, systemKey });
    expect(stateOf(after, 0).setAside).toEqual(['keys-set-aside-2026-11-28.key']);
  });

  it('gives nothing back once a byte of its file is another one', async () => {
    using place = await withVault();
    const aside = setVaultAside(place.data, day);
    const whole = bytesOf(aside);
    using fresh = await Vault.open({ folder: place.keys, systemKey });
    const step = 17;
    for (let at = 0; at < whole.length; at += step) {
      writeFileSync(aside, withByte(whole, at, whole[at]! ^ 1));
      expect([at, await codeOf(() => inspectKey(fresh, aside, passphrase, parameters))]).not.toContain(
        'opened',
      );
    }
    expect(fresh.body.keys).toEqual([]);
  });
});
