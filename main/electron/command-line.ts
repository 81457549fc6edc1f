/** Switches that take the next argument with them. */
const withValue = new Set(['--evaluator']);

/**
 * The files and folders that a start names: what is left of its arguments when the program, switches and, where the
 * application is not packaged, its own folder are taken away.
 */
export function dropped(argv: readonly string[], isPackaged: boolean): string[] {
  const names: string[] = [];
  for (let index = 1; index < argv.length; index += 1) {
    const argument = argv[index]!;
    if (withValue.has(argument)) index += 1;
    else if (!argument.startsWith('-')) names.push(argument);
  }
  return isPackaged ? names : names.slice(1);
}
