import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Custody } from '../../contract/ipc/custody.ts';
import type { AppStatus } from '../../contract/ipc/window.ts';
import { type KeyFile, keptKey, openKey, plainKeyFile } from '../files/kept-key.ts';

/** The folder of the vault in the application's data folder. */
export const keyFolder = (userData: string): string => join(userData, 'keys');
/** Folder and name, without an ending, of the file with the key that opens the vault without a passphrase. */
export const vaultKeyPath = (userData: string): string => join(keyFolder(userData), 'vault');
/** Tells whether a vault is there. */
export const hasVault = (userData: string): boolean => existsSync(vaultPath(userData));
/** Says where the vault's file is. */
export const vaultPath = (userData: string): string => join(keyFolder(userData), 'vault.json');

/**
 * Says where the engine keeps the workstation's keys: in the folder `keys` of the user data, in a vault that the key in
 * `file` opens. Without such a file a passphrase opens it, and keys stay in memory until somebody sets one.
 *
 * A vault that was made without a keychain opens with its plain key also where there is a keychain now.
 *
 * The key that opens a vault is never replaced. A keychain that was reset or exchanged may come back.
 *
 * @param file  where the key lies, and what seals it; null where no key can be kept.
 */
export function custodyWith(userData: string, file: KeyFile | null): Custody {
  const folder = keyFolder(userData);
  if (file === null) return { folder, systemKey: null };
  if (!hasVault(userData)) return { folder, systemKey: keptKey(file.path, file.by).key };
  const { path, by } = existsSync(file.path) ? file : plainKeyFile(vaultKeyPath(userData));
  return { folder, systemKey: openKey(path, by) };
}

/** What opens the vault without a passphrase: the system's keychain, a file of this account, or nothing. */
export function selfOpener(userData: string, { systemKey }: Custody): AppStatus['opensItself'] {
  if (systemKey === null) return 'nothing';
  const isSealed = existsSync(`${vaultKeyPath(userData)}.key`);
  return !isSealed && existsSync(plainKeyFile(vaultKeyPath(userData)).path) ? 'file' : 'keychain';
}
