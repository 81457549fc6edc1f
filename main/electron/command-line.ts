import { fileURLToPath } from 'node:url';

/** The switches that take the next argument with them. */
const withValue = new Set(['--evaluator']);

/**
 * Lists the files and folders that a start of the application names. They are what is left of its arguments without the
 * program and the switches. Where the application is not packaged, its own folder is left out too.
 */
export function dropped(argv: readonly string[], isPackaged: boolean): string[] {
  const names: string[] = [];
  for (let index = 1; index < argv.length; index += 1) {
    const argument = argv[index]!;
    if (withValue.has(argument)) index += 1;
    else if (!argument.startsWith('-')) names.push(asPath(argument));
  }
  return isPackaged ? names : names.slice(1);
}

/** Linux desktops name files by address: `file:///home/…`. An address that names no file of this machine stays as it is. */
function asPath(argument: string): string {
  if (!/^file:\/\//i.test(argument)) return argument;
  try {
    return fileURLToPath(argument);
  } catch {
    return argument;
  }
}
