import { type Command, commands, commonOptions, exitStatuses, type Option } from './commands.ts';

/** Writes two columns, the first as wide as its widest cell. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const widest = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(widest)}  ${right}`);
}

const optionRow = ({ name, short, value, says }: Option): readonly [string, string] => [
  `${short === undefined ? '    ' : `-${short}, `}--${name}${value === null ? '' : ` ${value}`}`,
  says,
];

const commandLine = ({ name, operands }: Command): string => `${name} ${operands}`.trimEnd();

const statusLines = ['Exit status:', ...columns(exitStatuses)];

/** The help of the program: its commands, the options of all of them and its exit statuses. */
export function programHelp(): string {
  return text([
    ...commands.map(
      (command, index) =>
        `${index === 0 ? 'Usage:' : '      '} cipherfilm ${commandLine(command)} [OPTION...]`,
    ),
    '       cipherfilm [COMMAND] --help | --version',
    '',
    'Commands:',
    ...columns(commands.map((command) => [commandLine(command), command.says])),
    '',
    'Options:',
    ...columns(commonOptions.map(optionRow)),
    '',
    ...statusLines,
    '',
    'Research use only. Not a medical device.',
  ]);
}

/** The help of one command: its operands, its options and its exit statuses. */
export function commandHelp(command: Command): string {
  return text([
    `Usage: cipherfilm ${commandLine(command)}${command.options.length === 0 ? '' : ' [OPTION...]'}`,
    '',
    `  ${sentence(command.says)}`,
    ...command.more.map((line) => `  ${line}`),
    '',
    'Options:',
    ...columns([...command.options, ...commonOptions].map(optionRow)),
    '',
    ...statusLines,
  ]);
}

const sentence = (words: string): string => `${words[0]!.toUpperCase()}${words.slice(1)}.`;
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
