import type { Custody } from '../../../contract/ipc/custody.ts';
import { custodyWith, vaultKeyPath } from '../../settings/custody.ts';
import { sealedFile } from './keychain.ts';

/**
 * Says where the engine keeps the workstation's keys: in a vault that the system's keychain opens. Where there is none,
 * a file takes its place for whoever asked to do `withoutKeychain`. See `custodyWith`.
 */
export const custodyIn = (userData: string, withoutKeychain: boolean): Custody =>
  custodyWith(userData, sealedFile(vaultKeyPath(userData), withoutKeychain));
