import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.ts';
import {
  commonFlags,
  type Flag,
  type FlagName,
  flags,
  type KeyCommandName,
  keyCommands,
  specOf,
} from './key-commands.ts';

/** What somebody typed after `cipherfilm keys`. */
export type KeyArguments = {
  /** Null where no command was named. */
  readonly command: KeyCommandName | null;
  /** At least those that the command needs, and no more than it takes. */
  readonly positionals: readonly string[];
  /** The value of a flag that takes one; undefined where it was not given. */
  readonly text: (name: FlagName) => string | undefined;
  readonly texts: (name: FlagName) => readonly string[];
  readonly has: (name: FlagName) => boolean;
};

/** Reads the arguments and checks them against the table of commands. @throws UsageError for what no command takes. */
export function readKeyArguments(argv: readonly string[]): KeyArguments {
  const { values, positionals } = parsed(argv);
  const [command, ...rest] = positionals;
  const given = (name: FlagName) => values[name] as string | boolean | string[] | undefined;
  const read = {
    text: (name: FlagName) => [given(name)].flat().find((value) => typeof value === 'string'),
    texts: (name: FlagName) => [given(name)].flat().filter((value) => typeof value === 'string'),
    has: (name: FlagName) => given(name) === true,
  };
  if (command === undefined) return { command: null, positionals: rest, ...read };
  if (!Object.hasOwn(keyCommands, command)) throw new UsageError(`unknown command 'keys ${command}'`);
  const name = command as KeyCommandName;
  if (!read.has('help')) check(name, rest, Object.keys(values) as FlagName[], read.texts);
  return { command: name, positionals: rest, ...read };
}

function parsed(argv: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value, isMany }]: [string, Flag]) => [
      name,
      {
        type: value === null ? ('boolean' as const) : ('string' as const),
        multiple: isMany ?? false,
        ...(name === 'help' ? { short: 'h' } : {}),
      },
    ]),
  );
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    // Node explains at length how an argument may begin with a dash.
    throw new UsageError((error as Error).message.split('. ')[0]!);
  }
}

function check(
  command: KeyCommandName,
  rest: readonly string[],
  given: readonly FlagName[],
  texts: KeyArguments['texts'],
): void {
  const { takes, flags: own } = specOf(command);
  const foreign = given.find((name) => !own.includes(name) && !commonFlags.includes(name));
  if (foreign !== undefined) throw new UsageError(`'keys ${command}' takes no --${foreign}`);
  const needed = takes.filter((name) => !name.startsWith('['));
  if (rest.length < needed.length || rest.length > takes.length)
    throw new UsageError(`'keys ${command}' takes ${takes.length === 0 ? 'no argument' : takes.join(' ')}`);
  const fromInput = given.flatMap((name) => (name.endsWith('-file') ? texts(name) : []));
  if (fromInput.filter((file) => file === '-').length > 1)
    throw new UsageError('standard input can be only one of the files');
}
