import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Custody, inMemory } from '../../../contract/ipc/custody.ts';
import type { AppStatus } from '../../../contract/ipc/window.ts';
import { keptKey } from './kept-key.ts';
import { hasKeychain } from './keychain.ts';

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
  const systemKey = keptKey(join(folder, 'vault'), { withoutKeychain, mayReplace: () => !hasVault });
  return systemKey === null && !hasVault ? inMemory : { folder, systemKey };
}

/** Says for the window what keeps the keys. */
export function custodyKind({ folder }: Custody): AppStatus['custody'] {
  if (folder === null) return 'memory';
  return hasKeychain() ? 'keychain' : 'file';
}
