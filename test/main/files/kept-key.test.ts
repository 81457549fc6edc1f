import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keptKey } from '../../../main/files/kept-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-kept-key-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A keychain that opens only what it sealed itself. */
const keychain = (own: number) => ({
  seal: (key: Uint8Array) => Uint8Array.of(own, ...key),
  open: (bytes: Uint8Array) => {
    if (bytes[0] !== own) throw new Error('not sealed here');
    return bytes.subarray(1);
  },
});

describe('a key that a keychain seals', () => {
  const path = join(folder, 'worklist.key');

  it('is made once and opened from then on', () => {
    const made = keptKey(path, keychain(1));
    expect([made.key.length, made.isReplaced]).toEqual([32, false]);
    expect(Buffer.from(keptKey(path, keychain(1)).key).equals(made.key)).toBe(true);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is set aside, not overwritten, where another keychain is in use', () => {
    const before = readFileSync(path);
    const other = keptKey(path, keychain(2));
    expect(other.isReplaced).toBe(true);
    const aside = readdirSync(folder).find((name) => name.includes('.set-aside-'))!;
    expect(readFileSync(join(folder, aside)).equals(before)).toBe(true);
    const again = keptKey(path, keychain(2));
    expect([again.isReplaced, Buffer.from(again.key).equals(other.key)]).toEqual([false, true]);
  });
});
