import { type CodedError, toCodedError } from '../../contract/errors.ts';
import { interruption } from './interruption.ts';
import { answers, type OpeningCommand } from './keys/answer-keys.ts';
import { commandUsage, keysUsage } from './keys/key-usage.ts';
import { onlyKeychain, withKeys } from './keys/open-session.ts';
import { type KeyArguments, readKeyArguments } from './keys/read-key-arguments.ts';
import type { Said } from './keys/said.ts';
import { setKeysAside } from './keys/set-keys-aside.ts';
import { errorLines } from './outcome.ts';
import { UsageError } from './usage-error.ts';

const write = (line: string) => process.stderr.write(`${line}\n`);

/**
 * The command `keys`: makes, lists, moves, changes and destroys the secret keys of this workstation.
 *
 * @param argv  what stands behind `keys`.
 * @returns     the exit status: 0 done, 1 refused or cancelled, 2 wrong usage.
 */
export async function keys(argv: readonly string[]): Promise<number> {
  let isJson = argv.includes('--json');
  try {
    const args = readKeyArguments(argv);
    if (args.has('help') || args.command === null) {
      const usage = args.command === null ? keysUsage() : commandUsage(args.command);
      (args.has('help') ? process.stdout : process.stderr).write(usage);
      return args.has('help') ? 0 : 2;
    }
    isJson = args.has('json');
    return await answer(args, isJson);
  } catch (error) {
    if (error instanceof UsageError) {
      write(`cipherfilm: ${error.message}`);
      return 2;
    }
    const coded = toCodedError(error);
    if (isJson) process.stdout.write(`${JSON.stringify({ error: coded })}\n`);
    for (const line of linesOf(coded)) write(line);
    return 1;
  }
}

async function answer(args: KeyArguments, isJson: boolean): Promise<number> {
  const { reply, lines, isGood } =
    args.command === 'set-aside' ? await setKeysAside(args, write) : await answerOpen(args, args.command!);
  process.stdout.write(isJson ? `${JSON.stringify(reply)}\n` : `${lines.join('\n')}\n`);
  return isGood === false ? 1 : 0;
}

function answerOpen(args: KeyArguments, command: OpeningCommand): Promise<Said> {
  const surroundings = { signal: interruption(), write };
  return withKeys(args, surroundings, (session) => answers[command](args, session, surroundings));
}

/** An error in the words of the window, and in one line for a support call. */
function linesOf(error: CodedError): string[] {
  if (error.code === 'cancelled') return ['cipherfilm: cancelled'];
  const [title, advice, technical] = errorLines(error);
  const isKeychains = error.code === 'key-locked' && error.detail.reason === onlyKeychain;
  return [`cipherfilm: ${title}`, isKeychains ? keychainsAdvice : advice!, technical!];
}

const keychainsAdvice =
  'Only the system’s keychain opens these keys, which the command line does not have. Give them a passphrase in the application: under Keys, “What opens the keys”.';
