import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fingerprintOf, fingerprintWords } from '../../../main/vault/fingerprint.ts';
import { judgePassphrase } from '../../../main/vault/passphrase-strength.ts';
import { decryptionBudget, rotationDue } from '../../../main/vault/rotation.ts';
import { seal, unseal } from '../../../main/vault/sealed.ts';
import { testCryptography } from '../../../main/vault/self-test.ts';
import { Vault } from '../../../main/vault/vault.ts';
import { otherPassphrase, passphrase, recordOf, seedOf, systemKey, vaultFolder } from './fixture.ts';

describe('the self-test', () => {
  afterEach(() => {
    vi.doUnmock('node:crypto');
    vi.resetModules();
  });

  it('finds every primitive in this Node', async () => {
    await expect(testCryptography()).resolves.toBeUndefined();
  });

  it.each([
    ['sha256', { createHash: () => ({ update: () => ({ digest: () => 'ba78' }) }) }],
    ['hkdf', { hkdfSync: () => new ArrayBuffer(32) }],
    [
      'aes-256-ctr',
      {
        createCipheriv: () => {
          throw new Error('unknown cipher');
        },
      },
    ],
  ])('names %s where the library lacks it or gets it wrong', async (primitive, wrong) => {
    vi.resetModules();
    vi.doMock('node:crypto', async (original) => ({ ...(await original<object>()), ...wrong }));
    const { testCryptography: test } = await import('../../../main/vault/self-test.ts');
    await expect(test()).rejects.toMatchObject({ code: 'key-crypto', detail: { primitive } });
  });
});

describe('a fingerprint', () => {
  it('is derived from the seed alone, in the same way for ever', () => {
    // HKDF-SHA256 of 32 bytes 01 with "cipherfilm fingerprint/1", reckoned with Python's hmac.
    expect(fingerprintOf(seedOf(1))).toBe('5cc37d46893be8cf0aa70e9d96715028b776111d9e17f72c3ffc3e4340e68a18');
  });

  it('begins with 66 bits, six words of eleven', () => {
    // BIP-39's list begins with "abandon" and ends with "zoo"; "ability" is the second word.
    expect(fingerprintWords('0'.repeat(64))).toEqual(Array(6).fill('abandon'));
    expect(fingerprintWords('f'.repeat(64))).toEqual(Array(6).fill('zoo'));
    const lastOf66 = `${'0'.repeat(16)}4${'0'.repeat(47)}`;
    expect(fingerprintWords(lastOf66)).toEqual([...Array(5).fill('abandon'), 'ability']);
    expect(fingerprintWords(`${'0'.repeat(16)}3${'f'.repeat(47)}`)).toEqual(Array(6).fill('abandon'));
  });
});

describe('sealing', () => {
  it('gives another text every time, and opens with the same key and the same words beside it', () => {
    const plain = Buffer.from('text');
    const [first, second] = [seal(systemKey, plain, 'about'), seal(systemKey, plain, 'about')];
    expect(first.equals(second)).toBe(false);
    // Twelve bytes of nonce, sixteen of tag.
    expect(first.length).toBe(4 + 12 + 16);
    expect(unseal(systemKey, first, 'about')?.toString()).toBe('text');
    expect(unseal(systemKey, first, 'other')).toBeNull();
    expect(unseal(seedOf(6), first, 'about')).toBeNull();
    expect(unseal(systemKey, first.subarray(0, 27), 'about')).toBeNull();
  });
});

describe('a passphrase', () => {
  it('of four words is accepted; a longer one is judged by its beginning', () => {
    expect(judgePassphrase(passphrase).score).toBe(4);
    expect(judgePassphrase(otherPassphrase).score).toBe(4);
    expect(judgePassphrase('a'.repeat(1_024)).score).toBeLessThan(3);
    expect(judgePassphrase(`${'a'.repeat(256)}${passphrase}`)).toEqual(judgePassphrase('a'.repeat(256)));
  });
});

describe('a change of keys', () => {
  const created = Date.parse(recordOf(seedOf(1)).created);
  const year = 365 * 24 * 3_600_000;
  const due = (decryptions: number, after: number) =>
    rotationDue({ ...recordOf(seedOf(1)), decryptions }, created + after);

  it('is due after nine tenths of the budget or a year', () => {
    // 90,000 of 100,000.
    expect(decryptionBudget).toBe(100_000);
    expect([due(89_999, 0), due(90_000, 0)]).toEqual([null, 'decryptions']);
    expect([due(0, year - 1), due(0, year)]).toEqual([null, 'age']);
  });
});

describe('a vault file that version 1 wrote', () => {
  it('opens with its keychain key and with its passphrase', async () => {
    using place = vaultFolder();
    const known = join(import.meta.dirname, '..', '..', 'fixtures', 'keys', 'vault-1.json');
    writeFileSync(place.file, readFileSync(known));
    using byKeychain = await Vault.open({ folder: place.folder, systemKey });
    expect(byKeychain.body.keys).toEqual([recordOf(seedOf(1))]);
    using byPassphrase = await Vault.open({ folder: place.folder, systemKey: null });
    await byPassphrase.unlock(passphrase);
    expect(byPassphrase.seed(recordOf(seedOf(1)).fingerprint).equals(seedOf(1))).toBe(true);
  });
});
