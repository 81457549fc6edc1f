import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Custody, inMemory } from '../../contract/ipc/custody.ts';
import { plainKeyFile } from '../files/kept-key.ts';
import type { EngineHost } from '../host/engine/engine-host.ts';
import { custodyWith, hasVault, keyFolder, vaultKeyPath } from '../settings/custody.ts';
import { ownFolder } from '../settings/setting-files.ts';
import { resolveSettings } from '../settings/settings.ts';
import type { Places } from './read-connection.ts';

/** The application's data folder, or the one that the argument `--data` names. */
export const dataFolder = (given: string | undefined): string =>
  given === undefined ? ownFolder() : resolve(given);

/**
 * Says where keys are kept for the command line, which has no keychain: in the vault of the application's data folder.
 * It opens with the plain key that lies beside it, if any. One is made where there is no vault yet and the settings allow
 * to do `withoutKeychain`. Otherwise a passphrase opens it.
 */
export function storedKeys(data: string, { environment, policy, own }: Places): Custody {
  const { withoutKeychain } = resolveSettings({ policy: policy.text, argv: [], environment, own });
  const plain = plainKeyFile(vaultKeyPath(data));
  const { systemKey } = custodyWith(data, withoutKeychain.value || existsSync(plain.path) ? plain : null);
  return { folder: keyFolder(data), systemKey };
}

/** The same for a run that makes no vault: keys stay in memory where there is none. */
export const storedKeysIfAny = (data: string, places: Places): Custody =>
  hasVault(data) ? storedKeys(data, places) : inMemory;

/**
 * Opens the vault of an engine with a passphrase, unless it is open.
 *
 * @returns whether it is open now.
 * @throws CxrError `key-passphrase` for another one, and as `KeyDesk.answer`.
 */
export async function openStored(engine: EngineHost, passphrase: string | null): Promise<boolean> {
  const { locked } = await engine.keys({ kind: 'state' }, null);
  if (!locked || passphrase === null) return !locked;
  await engine.keys({ kind: 'unlock', passphrase }, null);
  return true;
}
