import { safeStorage } from 'electron';

/** Linux without a keyring has a stand-in whose password is known to everybody. */
export function hasKeychain(): boolean {
  if (!safeStorage.isEncryptionAvailable()) return false;
  return process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text';
}

/** The keychain in words; null where there is none. */
export function keychainName(): string | null {
  if (!hasKeychain()) return null;
  if (process.platform === 'darwin') return 'macOS keychain';
  if (process.platform === 'win32') return 'Windows data protection';
  return safeStorage.getSelectedStorageBackend().startsWith('kwallet') ? 'KWallet' : 'GNOME keyring';
}

export const seal = (secret: Uint8Array): Uint8Array =>
  safeStorage.encryptString(Buffer.from(secret).toString('base64'));
export const unseal = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(safeStorage.decryptString(Buffer.from(bytes)), 'base64');
