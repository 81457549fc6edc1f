import {
  commonFlags,
  type Flag,
  type FlagName,
  flags,
  type KeyCommandName,
  keyCommands,
  specOf,
} from './key-commands.ts';

const names = Object.keys(keyCommands) as KeyCommandName[];

const whyNoArgument = `  A passphrase is typed at the terminal, where it is not shown, or read from a file: --passphrase-file FILE takes the first
  line, - is standard input, and /dev/fd/3 an open descriptor. There is no flag and no variable for the passphrase itself:
  every program of this account can read the arguments and the environment of another one, and shells keep histories.
`;

const flagText = (name: FlagName): string => {
  const { value }: Flag = flags[name];
  return value === null ? `--${name}` : `--${name} ${value}`;
};
const flagLines = (of: readonly FlagName[]): string =>
  of.map((name) => `  ${flagText(name).padEnd(30)} ${flags[name].about}\n`).join('');

/** The usage of all commands about keys. */
export const keysUsage = (): string => `Usage: cipherfilm keys COMMAND [ARGUMENT...] [FLAG...]

  Keeps the secret key of this workstation: in the vault of the application's data folder, which both share.

${names.map((name) => `  ${name.padEnd(9)} ${specOf(name).about[0]}\n`).join('')}
${flagLines(commonFlags)}
${whyNoArgument}
  cipherfilm keys COMMAND --help says what a command takes.
  Exit status: 0 done, 1 refused, failed or cancelled, 2 wrong usage.
`;

/** The usage of one command. */
export function commandUsage(name: KeyCommandName): string {
  const { takes, flags: own, about } = specOf(name);
  return `Usage: ${['cipherfilm keys', name, ...takes].join(' ')}${own.map((flag) => ` [${flagText(flag)}]`).join('')}

${about.map((line) => `  ${line}\n`).join('')}
${flagLines([...own, ...commonFlags])}
${whyNoArgument}`;
}
