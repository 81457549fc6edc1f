import { type Command, commands, commonOptions, type Option, type Shell } from './commands.ts';

/** Writes the script that makes a shell complete the commands, their options and files. */
export const completionScript = (shell: Shell): string => `${scripts[shell]().join('\n')}\n`;

const scripts: Readonly<Record<Shell, () => string[]>> = { bash, zsh, fish };

const flags = ({ name, short }: Option): string[] => [
  ...(short === undefined ? [] : [`-${short}`]),
  `--${name}`,
];
const names = commands.map(({ name }) => name);
const common = commonOptions.flatMap(flags);
/** Between single quotes, in any of the three shells. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(): string[] {
  const valued = commands.flatMap(({ options }) => options.filter(({ value }) => value !== null));
  const wordsOf = ({ options, words }: Command) =>
    [...(words ?? []), ...options.flatMap(flags), ...common].join(' ');
  return [
    '# Completes cipherfilm in bash. Where nothing fits, readline offers files.',
    '_cipherfilm() {',
    `  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= words= i`,
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    `    case \${COMP_WORDS[i]} in ${names.join('|')}) command=\${COMP_WORDS[i]}; break ;; esac`,
    '  done',
    '  case $command in',
    ...commands.map((command) => `    ${command.name}) words=${quoted(wordsOf(command))} ;;`),
    `    *) words=${quoted([...names, ...common].join(' '))} ;;`,
    '  esac',
    // An empty word behind a command that takes files means a file.
    '  case $command:$word in',
    ...commands.filter(({ words }) => words === null).map(({ name }) => `    ${name}:) words= ;;`),
    '  esac',
    '  case $before in',
    ...valued.map(({ name, offers }) => `    --${name}) words=${quoted((offers ?? []).join(' '))} ;;`),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    'complete -o filenames -o default -F _cipherfilm cipherfilm',
  ];
}

function zsh(): string[] {
  const said = (text: string) => text.replaceAll(/[[\]:\\]/g, '\\$&');
  const argument = ({ name, short, value, offers, says }: Option): string => {
    const what = `[${said(says)}]`;
    if (short !== undefined) return `'(-${short} --${name})'{-${short},--${name}}${quoted(what)}`;
    return quoted(
      value === null ? `--${name}${what}` : `--${name}=${what}:${value}:(${(offers ?? []).join(' ')})`,
    );
  };
  const operand = ({ words }: Command) =>
    quoted(words === null ? '*:file:_files' : `1:word:(${words.join(' ')})`);
  return [
    '#compdef cipherfilm',
    '_cipherfilm() {',
    '  local curcontext="$curcontext" state line',
    '  typeset -A opt_args',
    `  _arguments -C ${[...commonOptions.map(argument), "'1:command:->command'", "'*::argument:->argument'"].join(' ')}`,
    '  case $state in',
    '    command)',
    `      local -a known=(${commands.map(({ name, says }) => quoted(`${name}:${said(says)}`)).join(' ')})`,
    '      _describe -t commands command known ;;',
    '    argument)',
    '      case $words[1] in',
    ...commands.map(
      (command) =>
        `        ${command.name}) _arguments ${[...[...command.options, ...commonOptions].map(argument), operand(command)].join(' ')} ;;`,
    ),
    '      esac ;;',
    '  esac',
    '}',
    '# Read by compinit it is called; sourced it is only made known.',
    'if [[ $funcstack[1] == _cipherfilm ]]; then _cipherfilm "$@"; else compdef _cipherfilm cipherfilm; fi',
  ];
}

function fish(): string[] {
  const line = (...parts: string[]) => ['complete -c cipherfilm', ...parts].join(' ');
  const option = ({ name, short, value, offers, says }: Option): string[] => [
    ...(short === undefined ? [] : [`-s ${short}`]),
    `-l ${name}`,
    ...(value === null ? [] : [`-x -a ${quoted((offers ?? []).join(' '))}`]),
    `-d ${quoted(says)}`,
  ];
  return [
    '# Completes cipherfilm in fish.',
    line('-f'),
    ...commonOptions.map((common) => line(...option(common))),
    ...commands.flatMap((command) => {
      const seen = `-n ${quoted(`__fish_seen_subcommand_from ${command.name}`)}`;
      return [
        line('-n __fish_use_subcommand', `-a ${command.name}`, `-d ${quoted(command.says)}`),
        ...command.options.map((own) => line(seen, ...option(own))),
        line(seen, command.words === null ? '-F' : `-a ${quoted(command.words.join(' '))}`),
      ];
    }),
  ];
}
