import type { KeyState } from '../../../contract/ipc/vault.ts';
import { readPassphrase } from '../passphrase.ts';
import { UsageError } from '../usage-error.ts';
import type { KeyDeskSession } from './open-session.ts';
import type { KeyArguments } from './read-key-arguments.ts';

/**
 * Changes what opens the keys. A keychain that opens them is shut out only where somebody said so, because the command
 * line cannot let it in again.
 *
 * @throws UsageError where nothing would open them, and for a keychain that would be shut out unasked.
 * @throws CxrError   as `EngineHost.keys`.
 */
export async function protectKeys(
  args: KeyArguments,
  { state, hasKeychain, ask }: KeyDeskSession,
): Promise<KeyState> {
  const isWithout = args.has('no-passphrase');
  if (isWithout && args.text('new-passphrase-file') !== undefined)
    throw new UsageError('--no-passphrase and --new-passphrase-file exclude each other');
  if (hasKeychain && !args.has('drop-keychain'))
    throw new UsageError(
      'the system’s keychain opens these keys too and would no longer; change the passphrase in the application, or give --drop-keychain',
    );
  const system = state.opensWith.includes('system') && !args.has('drop-keychain');
  if (isWithout && !system) throw new UsageError('nothing would open the keys without a passphrase');
  const passphrase = isWithout ? null : await newPassphrase(args);
  return ask({ kind: 'protect', passphrase, system });
}

const newPassphrase = (args: KeyArguments): Promise<string> =>
  readPassphrase({
    file: args.text('new-passphrase-file'),
    flag: '--new-passphrase-file',
    prompt: 'New passphrase for the keys of this workstation',
    isNew: true,
  });
