import { join } from 'node:path';
import { CxrError } from '../../../contract/errors.ts';
import type { ChosenPath, KeyReplyOf, KeyRequest, KeyState } from '../../../contract/ipc/vault.ts';
import { orAborted } from '../../host/headless.ts';
import { withKeySession } from '../../host/keys/key-session.ts';
import { readPassphrase } from '../passphrase.ts';
import { placesHere, readConnection } from '../read-connection.ts';
import { dataFolder, openStored, storedKeys } from '../stored-keys.ts';
import { specOf } from './key-commands.ts';
import type { KeyArguments } from './read-key-arguments.ts';

/** The keys of a data folder, open, and what can be asked about them. */
export type KeyDeskSession = {
  /** How things stood when it was opened. */
  readonly state: KeyState;
  /** Whether a keychain opens them too, which the command line does not have. */
  readonly hasKeychain: boolean;
  /** @throws CxrError as `EngineHost.keys`. */
  readonly ask: <R extends KeyRequest>(request: R, path?: ChosenPath) => Promise<KeyReplyOf[R['kind']]>;
};

/** What goes with the arguments of a command. */
export type Surroundings = { readonly signal: AbortSignal; readonly write: (line: string) => void };

/** The commands that put something into a vault, and begin one where there is none. */
const beginVault: ReadonlySet<string> = new Set(['create', 'import', 'rotate', 'address']);

/**
 * Opens the keys of the data folder, with a passphrase where one is needed, and runs `work`. A vault that begins here
 * gets a passphrase, unless the settings allow to do without.
 *
 * @throws UsageError as `readPassphrase`.
 * @throws CxrError   `key-locked` where only the keychain opens the keys; as `withKeySession`; whatever `work` throws.
 */
export function withKeys<T>(
  args: KeyArguments,
  { signal, write }: Surroundings,
  work: (session: KeyDeskSession) => Promise<T>,
): Promise<T> {
  const data = dataFolder(args.text('data'));
  const places = placesHere(data);
  const { asksEvaluator = false, namesEvaluator = false } = args.command === null ? {} : specOf(args.command);
  const options = {
    custody: storedKeys(data, places),
    connection:
      asksEvaluator || namesEvaluator ? readConnection(args.text('evaluator'), places).connection : null,
    evaluatorFolder: asksEvaluator ? join(data, 'evaluator') : null,
    signal,
    onProgress: quarters(write),
  };
  return withKeySession(options, async (engine) => {
    // An engine that is busy making keys would hear of Ctrl-C seconds later; it is ended at once, and the vault is whole.
    const ask: KeyDeskSession['ask'] = (request, path) =>
      orAborted(engine.keys(request, path ?? null, signal), signal);
    let state = await ask({ kind: 'state' });
    const hasKeychain = state.locked && state.opensWith.includes('system');
    if (state.locked) {
      if (!state.opensWith.includes('passphrase')) throw new CxrError('key-locked', { reason: onlyKeychain });
      await openStored(engine, await passphraseOf(args, false));
      state = await ask({ kind: 'state' });
    } else if (!state.kept && beginVault.has(args.command ?? '')) {
      state = await ask({ kind: 'protect', passphrase: await passphraseOf(args, true), system: false });
    }
    return work({ state, hasKeychain, ask });
  });
}

/** The reason for which nothing that the command line has opens the keys. */
export const onlyKeychain = 'no passphrase slot';

const passphraseOf = (args: KeyArguments, isNew: boolean): Promise<string> =>
  readPassphrase({
    file: args.text('passphrase-file'),
    flag: '--passphrase-file',
    prompt: isNew ? 'New passphrase for the keys of this workstation' : 'Passphrase of the keys here',
    isNew,
  });

/** Tells how far long work is, in quarters, which suits terminals and logs alike. */
function quarters(write: (line: string) => void): (fraction: number) => void {
  let last = -1;
  return (fraction) => {
    const quarter = Math.floor(fraction * 4) * 25;
    if (quarter === last) return;
    last = quarter;
    write(`working: ${quarter} %`);
  };
}
