import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CxrError } from '../../../contract/errors.ts';
import type { ChosenPath, ImportFacts } from '../../../contract/ipc/vault.ts';
import { writePrivate } from '../../files/write-private.ts';
import { ask as askPerson, isTerminal, readPassphrase } from '../passphrase.ts';
import { UsageError } from '../usage-error.ts';
import { addressesOf, olderLines } from './addresses.ts';
import { chooseKey } from './choose-key.ts';
import { exportToCustodians } from './export-to-custodians.ts';
import type { KeyCommandName } from './key-commands.ts';
import { checkLines, factLines, keyLines, proofLines, stateLines } from './key-lines.ts';
import type { KeyDeskSession, Surroundings } from './open-session.ts';
import { protectKeys } from './protect-keys.ts';
import type { KeyArguments } from './read-key-arguments.ts';
import type { Said } from './said.ts';

/** The commands that need the keys open. */
export type OpeningCommand = Exclude<KeyCommandName, 'set-aside'>;

type Answer = (args: KeyArguments, session: KeyDeskSession, surroundings: Surroundings) => Promise<Said>;

/**
 * What each command about keys does once the keys are open.
 *
 * Each throws UsageError for what needs another flag, and CxrError as `EngineHost.keys`.
 */
export const answers: Readonly<Record<OpeningCommand, Answer>> = {
  list: async (_, { state }) => stateSaid(state),
  create: async (args, { state, ask }) => {
    if (state.keys.some((key) => key.state === 'active'))
      throw new UsageError('a key is in use already; “keys rotate” makes another one in its place');
    return stateSaid(await ask({ kind: 'create', label: labelOf(args) }));
  },
  export: exportKey,
  share: async (args, { state, ask }) => {
    const { fingerprint } = chooseKey(state.keys, args.text('key'));
    const path = freshFile(args, args.positionals[0]!);
    const to = { kind: 'addresses', addresses: addressesOf(args) } as const;
    const reply = await ask({ kind: 'export', fingerprint, to }, path);
    return {
      reply,
      lines: [
        `Written for ${to.addresses.length}: ${path}, ${reply.bytes} bytes`,
        ...olderLines(to.addresses),
      ],
    };
  },
  inspect: async (args, session) => {
    const { facts } = await inspectFile(args, session);
    return { reply: facts, lines: factLines(facts) };
  },
  import: importKey,
  rotate: async (_, { state, ask }) => {
    chooseKey(state.keys, undefined);
    return stateSaid(await ask({ kind: 'rotate' }));
  },
  destroy: destroyKey,
  verify: async (_, { state, ask }) => {
    chooseKey(state.keys, undefined);
    const reply = await ask({ kind: 'verify' });
    return { reply, lines: checkLines(reply), isGood: reply.matches };
  },
  address: async (_, { ask }) => {
    const reply = await ask({ kind: 'address' });
    return { reply, lines: [reply.address] };
  },
  // Whoever comes here has opened them.
  unlock: async (_, { state }) => ({
    reply: state,
    lines: [state.kept ? 'The keys open.' : 'No keys are kept here yet.'],
  }),
  protect: async (args, session) => stateSaid(await protectKeys(args, session)),
};

const stateSaid = (reply: Extract<Said['reply'], { readonly kept: boolean }>): Said => ({
  reply,
  lines: stateLines(reply),
});

function labelOf(args: KeyArguments): string {
  const label = args.text('label') ?? '';
  if (label.length > 80) throw new UsageError('a name has 80 characters at most');
  return label;
}

async function exportKey(args: KeyArguments, session: KeyDeskSession): Promise<Said> {
  if (args.text('custodians') !== undefined) return exportToCustodians(args, session);
  const { state, ask } = session;
  const key = chooseKey(state.keys, args.text('key'));
  const { fingerprint } = key;
  const path = freshFile(args, args.positionals[0]!);
  const passphrase = await passphraseOfExport(args, true);
  if (args.has('sheet')) {
    const reply = await ask({ kind: 'recovery', fingerprint, passphrase }, path);
    return { reply, lines: [`Recovery sheet of ${key.words.join(' ')}: ${path}`] };
  }
  const reply = await ask({ kind: 'export', fingerprint, to: { kind: 'passphrase', passphrase } }, path);
  return { reply, lines: [`${key.words.join(' ')}: ${path}, ${reply.bytes} bytes`] };
}

const passphraseOfExport = (args: KeyArguments, isNew: boolean): Promise<string> =>
  readPassphrase({
    file: args.text('export-passphrase-file'),
    flag: '--export-passphrase-file',
    prompt: isNew ? 'Passphrase for the exported file' : 'Passphrase of the exported file',
    isNew,
  });

/** A file that is not there yet, or may be replaced. */
function freshFile(args: KeyArguments, name: string): string {
  const path = resolve(name);
  if (existsSync(path) && !args.has('force'))
    throw new UsageError(`${path} is there already; --force replaces it`);
  return path;
}

/** Looks at a file. A passphrase is asked for only where the file has one. */
async function inspectFile(
  args: KeyArguments,
  { ask }: KeyDeskSession,
): Promise<{ readonly facts: ImportFacts; readonly passphrase: string | null; readonly path: ChosenPath }> {
  const path = args.positionals.map((file) => resolve(file));
  if (args.text('export-passphrase-file') === undefined) {
    try {
      return { facts: await ask({ kind: 'inspect', passphrase: null }, path), passphrase: null, path };
    } catch (error) {
      if (!(error instanceof CxrError && error.code === 'key-passphrase')) throw error;
    }
  }
  const passphrase = await passphraseOfExport(args, false);
  return { facts: await ask({ kind: 'inspect', passphrase }, path), passphrase, path };
}

async function importKey(
  args: KeyArguments,
  session: KeyDeskSession,
  { write }: Surroundings,
): Promise<Said> {
  const { facts, passphrase, path } = await inspectFile(args, session);
  const compared = args.text('fingerprint')?.toLowerCase();
  if (compared === undefined) {
    for (const line of factLines(facts)) write(line);
    await agree('Are these the words that the other workstation shows? Type yes: ', '--fingerprint', ['yes']);
  }
  const fingerprint = compared ?? facts.key.fingerprint;
  if (!/^[0-9a-f]{64}$/.test(fingerprint)) throw new UsageError('--fingerprint takes all 64 digits');
  return stateSaid(await session.ask({ kind: 'import', passphrase, fingerprint }, path));
}

/** Asks a person to type the words that mean yes. @throws CxrError `cancelled` for another answer; UsageError where nobody can be asked. */
export async function agree(question: string, flag: string, expected: readonly string[]): Promise<void> {
  if (!isTerminal()) throw new UsageError(`there is no terminal to ask at; give ${flag}`);
  const typed = (await askPerson(question, { isShown: true })).trim().toLowerCase().split(/\s+/);
  if (typed.join(' ') !== expected.join(' ')) throw new CxrError('cancelled');
}

async function destroyKey(
  args: KeyArguments,
  { state, ask }: KeyDeskSession,
  { write }: Surroundings,
): Promise<Said> {
  const given = args.positionals[0]!;
  const key = chooseKey(state.keys, given);
  const proofFile = args.text('proof');
  const proofPath = proofFile === undefined ? null : freshFile(args, proofFile);
  if (!args.has('yes')) {
    for (const line of keyLines(key, state.budget)) write(line);
    write('It cannot be brought back, except from an export of it.');
    await agree('Type the first two of its six words to destroy it: ', '--yes', key.words.slice(0, 2));
  } else if (given.length !== 64) throw new UsageError('with --yes, KEY is all 64 digits of the fingerprint');
  const reply = await ask({ kind: 'destroy', fingerprint: key.fingerprint });
  const lines = proofLines(reply.proof);
  if (proofPath === null) return { reply, lines };
  try {
    writePrivate(proofPath, `${JSON.stringify(reply.proof, null, 2)}\n`);
    return { reply, lines: [...lines, `Record       ${proofPath}`] };
  } catch {
    // The key is gone; the record must not be lost with the error.
    write(JSON.stringify(reply.proof));
    return {
      reply,
      lines: [...lines, `The record could not be written to ${proofPath}; it stands above.`],
      isGood: false,
    };
  }
}
