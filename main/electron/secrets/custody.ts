import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Custody, inMemory } from '../../../contract/ipc/custody.ts';
import type { AppStatus } from '../../../contract/ipc/window.ts';
import { keptKey, openKey } from './kept-key.ts';
import { hasKeychain, sealedFile } from './keychain.ts';

/**
 * Says where the engine keeps the workstation's keys: in the folder `keys` of the user data, in a vault that the
 * system's keychain opens. Where there is no keychain, nor somebody who asked to do `withoutKeychain`, keys stay in
 * memory, unless a vault is there already: a passphrase may open it.
 *
 * The key that opens a vault is never replaced. A keychain that was reset or exchanged may come back.
 */
export function custodyIn(userData: string, withoutKeychain: boolean): Custody {
  const folder = join(userData, 'keys');
  const hasVault = existsSync(join(folder, 'vault.json'));
  const file = sealedFile(join(folder, 'vault'), withoutKeychain);
  if (file === null) return hasVault ? { folder, systemKey: null } : inMemory;
  const systemKey = hasVault ? openKey(file.path, file.by) : keptKey(file.path, file.by).key;
  return { folder, systemKey };
}

/** Says for the window what keeps the keys. */
export function custodyKind({ folder }: Custody): AppStatus['custody'] {
  if (folder === null) return 'memory';
  return hasKeychain() ? 'keychain' : 'file';
}
