import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeyFile, plainKeyFile } from '../../main/files/kept-key.ts';
import { custodyWith, selfOpener, vaultKeyPath } from '../../main/settings/custody.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'cipherfilm-custody-'));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

/** A keychain that opens only what it sealed itself. */
const keychain = (): KeyFile => ({
  path: `${vaultKeyPath(data)}.key`,
  by: { seal: (key) => Uint8Array.of(9, ...key), open: (bytes) => bytes.subarray(1) },
});
const beginVault = () => {
  mkdirSync(join(data, 'keys'), { recursive: true });
  writeFileSync(join(data, 'keys', 'vault.json'), '{}');
};

describe('where keys are kept', () => {
  it('is a vault that only a passphrase can open where nothing can keep a key, and nothing is made beforehand', () => {
    const custody = custodyWith(data, null);
    expect(custody).toEqual({ folder: join(data, 'keys'), systemKey: null });
    expect(existsSync(join(data, 'keys'))).toBe(false);
    expect(selfOpener(data, custody)).toBe('nothing');
  });

  it('names what opens it by itself: the keychain, or the file of a vault that was made without one', () => {
    expect(selfOpener(data, custodyWith(data, keychain()))).toBe('keychain');
    rmSync(keychain().path);
    custodyWith(data, plainKeyFile(vaultKeyPath(data)));
    beginVault();
    expect(selfOpener(data, custodyWith(data, keychain()))).toBe('file');
  });

  it('is a vault whose key is made once, and never beside a vault that has another', () => {
    const made = custodyWith(data, keychain());
    expect(made.systemKey).toHaveLength(32);
    expect(custodyWith(data, keychain())).toEqual(made);
    beginVault();
    rmSync(keychain().path);
    expect(custodyWith(data, keychain()).systemKey).toBeNull();
    expect(existsSync(keychain().path)).toBe(false);
  });

  it('stays open where a keychain appears beside a vault that was made without one', () => {
    const plain = custodyWith(data, plainKeyFile(vaultKeyPath(data)));
    expect(readFileSync(join(data, 'keys', 'vault.plain-key'))).toEqual(Buffer.from(plain.systemKey!));
    beginVault();
    const found = custodyWith(data, keychain()).systemKey!;
    expect(Buffer.from(found).equals(plain.systemKey!)).toBe(true);
  });
});
