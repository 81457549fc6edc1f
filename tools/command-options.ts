import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { CxrError } from '../contract/errors.ts';

/**
 * The options of a command. `--help` prints `usage` and ends the process with 0; anything unknown prints it with 2.
 *
 * @param usage  one line or several, without the trailing line break.
 */
export function readOptions<const Options extends ParseArgsOptionsConfig>(usage: string, options: Options) {
  try {
    const { values } = parseArgs({
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      strict: true,
    });
    if ((values as { help?: boolean }).help !== true) return parseArgs({ options, strict: true }).values;
  } catch {
    process.stderr.write(`${usage}\n`);
    process.exit(2);
  }
  process.stdout.write(`${usage}\n`);
  process.exit(0);
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

/** A whole number in a range, or the usage and exit status 2. */
export function readCount(text: string, [least, most]: readonly [number, number], usage: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= least && count <= most) return count;
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}
