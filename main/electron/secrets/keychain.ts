import { safeStorage } from 'electron';
import { type KeyFile, plainKeyFile } from '../../files/kept-key.ts';

/**
 * Tells whether the system has a keychain, which keeps secrets for one user. On Linux without a keyring Electron offers
 * a stand-in whose password everybody knows; that counts as none.
 */
export function hasKeychain(): boolean {
  if (!safeStorage.isEncryptionAvailable()) return false;
  return process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text';
}

/** Returns the keychain's name for people; null where there is none. */
export function keychainName(): string | null {
  if (!hasKeychain()) return null;
  if (process.platform === 'darwin') return 'macOS keychain';
  if (process.platform === 'win32') return 'Windows data protection';
  return safeStorage.getSelectedStorageBackend().startsWith('kwallet') ? 'KWallet' : 'GNOME keyring';
}

/** Encrypts a secret so that only this user's keychain opens it. */
export const seal = (secret: Uint8Array): Uint8Array =>
  safeStorage.encryptString(Buffer.from(secret).toString('base64'));
/** Decrypts what `seal` made. @throws Error when this keychain did not seal it. */
export const unseal = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(safeStorage.decryptString(Buffer.from(bytes)), 'base64');

/**
 * Says in which file a key lies and how it is sealed there: by the keychain, or, where there is none and somebody asked
 * for it, not at all, in a file that only this user can read.
 *
 * @param path  folder and name of the file, without its ending.
 * @returns     null where the key cannot be kept.
 */
export function sealedFile(path: string, withoutKeychain: boolean): KeyFile | null {
  if (hasKeychain()) return { path: `${path}.key`, by: { seal, open: unseal } };
  return withoutKeychain ? plainKeyFile(path) : null;
}
