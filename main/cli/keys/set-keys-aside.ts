import { CxrError } from '../../../contract/errors.ts';
import { withKeySession } from '../../host/keys/key-session.ts';
import { hasVault } from '../../settings/custody.ts';
import { setVaultAside } from '../../settings/set-aside.ts';
import { placesHere } from '../read-connection.ts';
import { dataFolder, storedKeys } from '../stored-keys.ts';
import { UsageError } from '../usage-error.ts';
import { agree } from './answer-keys.ts';
import type { KeyArguments } from './read-key-arguments.ts';
import type { Said } from './said.ts';

/**
 * Sets the vault of the data folder aside. It needs no passphrase: it is for one that is lost.
 *
 * @throws UsageError where nobody can be asked and `--yes` is not given.
 * @throws CxrError as `setVaultAside`; `cancelled`.
 */
export async function setKeysAside(args: KeyArguments, write: (line: string) => void): Promise<Said> {
  const data = dataFolder(args.text('data'));
  if (hasVault(data) && (await openByThemselves(data)))
    throw new UsageError(
      'these keys open by themselves; “set-aside” is for keys that nothing opens any more',
    );
  if (!args.has('yes')) {
    write('The keys of this workstation are set aside, in a file beside the new ones; nothing is deleted.');
    write('Questions that are on their way are asked again with another key.');
    await agree('Type yes to set them aside: ', '--yes', ['yes']);
  }
  const file = setVaultAside(data);
  return {
    reply: { file },
    lines: [`Set aside    ${file}`, '“keys import” takes a key in; “keys create” makes another one.'],
  };
}

async function openByThemselves(data: string): Promise<boolean> {
  const custody = storedKeys(data, placesHere(data));
  try {
    return await withKeySession({ custody, connection: null, evaluatorFolder: null }, async (engine) => {
      return !(await engine.keys({ kind: 'state' }, null)).locked;
    });
  } catch (error) {
    // A damaged vault, or one of a keychain that is gone.
    if (error instanceof CxrError && error.code.startsWith('key-')) return false;
    throw error;
  }
}
