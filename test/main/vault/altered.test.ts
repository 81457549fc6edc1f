import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { Vault } from '../../../main/vault/vault.ts';
import { openBody, openSystemSlot, parseVaultFile, vaultText } from '../../../main/vault/vault-file.ts';
import {
  adding,
  bytesOf,
  codeOf,
  otherPassphrase,
  passphrase,
  seedOf,
  systemKey,
  vaultFolder,
  withByte,
  writeCheapVault,
} from './fixture.ts';

const byKeychain = { kind: 'system', key: systemKey } as const;
const byPassphrase = { kind: 'passphrase', passphrase } as const;

/** Tries everything that opens a vault. */
async function openAnyhow(folder: string): Promise<void> {
  using vault = await Vault.open({ folder, systemKey });
  if (vault.state === 'locked') await vault.unlock(passphrase);
  expect(vault.body.keys.length).toBeGreaterThan(0);
}

/** What `Vault` does with a file that the keychain opens, for the many that a disk would take long to hold. */
function openInMemory(bytes: Buffer): void {
  const file = parseVaultFile(bytes.toString('utf8'));
  const dataKey = openSystemSlot(file, systemKey);
  if (dataKey === null || openBody(file, dataKey) === null) throw new CxrError('key-vault');
}

const refusals = ['key-vault', 'key-file-version', 'key-file-costly', 'key-passphrase'];

/** Some byte of a file and another value for it. */
const changeOf = (bytes: Buffer) =>
  fc
    .tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, mask]) => withByte(bytes, at, bytes[at]! ^ mask));

describe('a vault file in which one byte was changed', () => {
  it('is refused for every byte and every bit of it', async () => {
    using place = vaultFolder();
    await writeCheapVault(place.file, [byKeychain]);
    const bytes = bytesOf(place.file);
    const codes = new Map<string, number>();
    for (let at = 0; at < bytes.length; at += 1)
      for (let bit = 0; bit < 8; bit += 1) {
        const code = await codeOf(() => openInMemory(withByte(bytes, at, bytes[at]! ^ (1 << bit))));
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    // The version's digit, "1", becomes 3, 5 or 9 by one bit; its others make no digit, or 0, which is no version.
    expect(Object.fromEntries(codes)).toEqual({ 'key-file-version': 3, 'key-vault': 8 * bytes.length - 3 });
  });

  it.each([
    ['the keychain', [byKeychain]],
    ['a passphrase', [byPassphrase]],
    ['either of both, also when the change is in the slot of the other,', [byKeychain, byPassphrase]],
  ])('is refused where %s opens it', async (_, openers) => {
    using place = vaultFolder();
    await writeCheapVault(place.file, openers);
    const refused = async (changed: Buffer) => {
      writeFileSync(place.file, changed);
      expect(refusals).toContain(await codeOf(() => openAnyhow(place.folder)));
    };
    const changes = fc.asyncProperty(changeOf(bytesOf(place.file)), refused);
    await fc.assert(changes, { numRuns: 100, endOnFailure: true });
  });

  it('is refused by a vault that is open, until the file is as it was', async () => {
    using place = vaultFolder();
    await writeCheapVault(place.file, [byKeychain]);
    const bytes = bytesOf(place.file);
    using vault = await Vault.open({ folder: place.folder, systemKey });
    writeFileSync(place.file, withByte(bytes, 0, 0x20));
    expect(await codeOf(() => vault.body)).toBe('key-vault');
    expect(await codeOf(() => vault.update(adding(seedOf(2))))).toBe('key-vault');
    expect(bytesOf(place.file)[0]).toBe(0x20);
    writeFileSync(place.file, bytes);
    vault.update(adding(seedOf(2)));
    expect(vault.body.keys).toHaveLength(2);
  });
});

describe('a file in place of the vault', () => {
  it('is refused at every length to which it was cut', async () => {
    using place = vaultFolder();
    await writeCheapVault(place.file, [byKeychain]);
    const bytes = bytesOf(place.file);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(await codeOf(() => openInMemory(bytes.subarray(0, length)))).toBe('key-vault');
    }
  });

  const written = async (change: (json: Record<string, unknown>) => unknown) => {
    using place = vaultFolder();
    await writeCheapVault(place.file, [byPassphrase]);
    const json = JSON.parse(bytesOf(place.file).toString('utf8'));
    writeFileSync(place.file, `${JSON.stringify(change(json), null, 2)}\n`);
    return codeOf(() => openAnyhow(place.folder));
  };
  const withKdf = (cost: object) => (json: Record<string, unknown>) => {
    const [slot] = json.slots as { kdf: object }[];
    return { ...json, slots: [{ ...slot, kdf: { ...slot!.kdf, ...cost } }] };
  };

  it('is named by what is wrong with it', async () => {
    expect(await written((json) => ({ ...json, format: 'cipherfilm-vault/2' }))).toBe('key-file-version');
    expect(await written((json) => ({ ...json, format: 'something/2' }))).toBe('key-vault');
    expect(await written((json) => ({ ...json, note: '' }))).toBe('key-vault');
    expect(await written((json) => ({ ...json, slots: [] }))).toBe('key-vault');
    expect(await written(() => null)).toBe('key-vault');
    expect(await written((json) => ({ ...json, sealed: 'x'.repeat(17 * 1024 * 1024) }))).toBe('key-vault');
  });

  it('is not tried when its passphrase would cost too much, and refused when it would cost too little', async () => {
    // The limits are 512 MiB, ten passes and 16 lanes, and 768 MiB in all passes together.
    for (const cost of [
      { memoryKiB: 512 * 1024 + 1 },
      { passes: 11 },
      { lanes: 17 },
      { memoryKiB: 512 * 1024, passes: 2 },
    ])
      expect(await written(withKdf(cost))).toBe('key-file-costly');
    expect(await written(withKdf({ memoryKiB: 4096 }))).toBe('key-vault');
  });

  it('opens to nobody who puts a slot of his own into it', async () => {
    using place = vaultFolder();
    using theirs = vaultFolder();
    await writeCheapVault(place.file, [byKeychain]);
    await writeCheapVault(theirs.file, [{ kind: 'passphrase', passphrase: otherPassphrase }]);
    const ours = parseVaultFile(bytesOf(place.file).toString('utf8'));
    const { slots } = parseVaultFile(bytesOf(theirs.file).toString('utf8'));
    writeFileSync(place.file, vaultText({ ...ours, slots: [...ours.slots, ...slots] }));
    expect(await codeOf(() => openAnyhow(place.folder))).toBe('key-vault');
    using vault = await Vault.open({ folder: place.folder, systemKey: null });
    expect(await codeOf(() => vault.unlock(otherPassphrase))).toBe('key-vault');
    expect(await vault.admits(otherPassphrase)).toBe(false);
  });
});
