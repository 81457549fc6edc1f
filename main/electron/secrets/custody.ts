import type { Custody } from '../../../contract/ipc/custody.ts';
import type { AppStatus } from '../../../contract/ipc/window.ts';
import { custodyWith, vaultKeyPath } from '../../settings/custody.ts';
import { hasKeychain, sealedFile } from './keychain.ts';

/**
 * Says where the engine keeps the workstation's keys: in a vault that the system's keychain opens. Where there is none,
 * a file takes its place for whoever asked to do `withoutKeychain`. See `custodyWith`.
 */
export const custodyIn = (userData: string, withoutKeychain: boolean): Custody =>
  custodyWith(userData, sealedFile(vaultKeyPath(userData), withoutKeychain));

/** Says for the window what keeps the keys. */
export function custodyKind({ folder }: Custody): AppStatus['custody'] {
  if (folder === null) return 'memory';
  return hasKeychain() ? 'keychain' : 'file';
}
