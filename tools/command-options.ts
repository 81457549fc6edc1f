import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { CxrError } from '../contract/errors.ts';

/** How many arguments may stand without a flag, and whether what follows `--` is handed on to another program. */
type Positionals = { readonly most: number; readonly passesOn?: boolean };

/**
 * Reads the arguments of a command before it does anything. `--help` prints `usage` on standard output and ends the
 * process with 0; what is unknown ends it with 2 and one line on standard error.
 *
 * @param usage  one line or several, without the trailing line break; the first begins with `usage: npm run NAME`.
 * @returns the values by flag, the arguments without a flag, and those after `--`.
 */
export function readArguments<const Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
  { most, passesOn = false }: Positionals,
) {
  const argv = process.argv.slice(2);
  const last = passesOn && argv.includes('--') ? argv.indexOf('--') : argv.length;
  const args = argv.slice(0, last);
  const parsed = () => {
    try {
      const withHelp = { ...options, help: { type: 'boolean', short: 'h' } } as const;
      const asked = parseArgs({ args, options: withHelp, strict: true, allowPositionals: true });
      if ((asked.values as { help?: boolean }).help === true) return null;
      return parseArgs({ args, options, strict: true, allowPositionals: true });
    } catch (error) {
      // Node explains at length how an argument may begin with a dash.
      return refuse(usage, (error as Error).message.split('. ')[0]!);
    }
  };
  const found = parsed();
  if (found === null) {
    process.stdout.write(`${usage}\n`);
    return end(0);
  }
  const { values, positionals } = found;
  if (positionals.length > most) refuse(usage, `unexpected argument '${positionals[most]}'`);
  return { values, positionals, passedOn: argv.slice(last + 1) };
}

/** The flags of a command that takes nothing else; as `readArguments`. */
export function readOptions<const Options extends ParseArgsOptionsConfig>(usage: string, options: Options) {
  return readArguments(usage, options, { most: 0 }).values;
}

/** Ends the process with 2 and one line that says what is wrong with the arguments. */
export function refuse(usage: string, problem: string): never {
  const name = /npm run (?:-s )?([\w:-]+)/.exec(usage)?.[1] ?? 'usage';
  process.stderr.write(`${name}: ${problem.replaceAll('\n', ' ')}; --help prints the usage\n`);
  end(2);
}

class Ended extends Error {}

/**
 * Ends the process without `process.exit`, which now and then waits for ever while V8 compiles what was just imported
 * (Node 24: the compiler's thread waits for a collection, and the main thread for that thread).
 */
function end(status: number): never {
  process.exitCode = status;
  process.setUncaughtExceptionCaptureCallback((error) => {
    if (error instanceof Ended) return;
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  });
  throw new Ended();
}

/** What was asked for cannot be: one line says why. */
export class UsageError extends Error {}

/** Runs a command; what its user can mend is printed in one line, with exit status 1. Anything else is a defect. */
export async function runCommand(name: string, command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    const isFile = error instanceof Error && 'syscall' in error && 'path' in error;
    if (!(error instanceof CxrError || error instanceof UsageError || isFile)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = 1;
  }
}

/** A whole number in a range, of digits alone; anything else is refused with `what` it was to be. */
export function readCount(
  usage: string,
  what: string,
  text: string,
  [least, most]: readonly [number, number],
): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= least && count <= most) return count;
  refuse(usage, `${what} takes whole numbers from ${least} to ${most}, not '${text}'`);
}

/** A list divided by commas, each of them one of `known`; an empty list or another word is refused. */
export function readChoices<Choice extends string>(
  usage: string,
  what: string,
  text: string,
  known: readonly Choice[],
): Choice[] {
  return text.split(',').map((word) => {
    const found = known.find((choice) => choice === word);
    return found ?? refuse(usage, `${what} takes ${known.join(', ')}, not '${word}'`);
  });
}
