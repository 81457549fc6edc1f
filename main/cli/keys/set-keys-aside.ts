import { setVaultAside } from '../../settings/set-aside.ts';
import { dataFolder } from '../stored-keys.ts';
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
  if (!args.has('yes')) {
    write('The keys of this workstation are set aside, in a file beside the new ones; nothing is deleted.');
    write('Questions that are on their way are asked again with another key.');
    await agree('Type yes to set them aside: ', '--yes', ['yes']);
  }
  const file = setVaultAside(dataFolder(args.text('data')));
  return {
    reply: { file },
    lines: [`Set aside    ${file}`, '“keys import” takes a key in; “keys create” makes another one.'],
  };
}
