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

/** Every command, and every command behind one, under the words that name it. */
const named = commands.flatMap((command) => [
  {
    path: command.name as string,
    words: command.words ?? [],
    options: command.options,
    takesFile: command.words === null,
  },
  ...command.subcommands.map(({ name, options, takesFile }) => ({
    path: `${command.name} ${name}`,
    words: [] as readonly string[],
    options,
    takesFile,
  })),
]);
const parents = commands.filter(({ subcommands }) => subcommands.length > 0);

function bash(): string[] {
  const valued = new Map(
    named.flatMap(({ options }) =>
      options.filter(({ value }) => value !== null).map((option) => [option.name, option] as const),
    ),
  );
  const deeper = ({ name, words }: Command) =>
    `    ${name}) case \${COMP_WORDS[i+1]} in ${words!.join('|')}) ((i + 1 < COMP_CWORD)) && command+=" \${COMP_WORDS[i+1]}" ;; esac ;;`;
  return [
    '# Completes cipherfilm in bash. Where nothing fits, readline offers files.',
    '_cipherfilm() {',
    `  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= words= i`,
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    `    case \${COMP_WORDS[i]} in ${names.join('|')}) command=\${COMP_WORDS[i]}; break ;; esac`,
    '  done',
    '  case $command in',
    ...parents.map(deeper),
    '  esac',
    '  case $command in',
    ...named.map(
      ({ path, words, options }) =>
        `    '${path}') words=${quoted([...words, ...options.flatMap(flags), ...common].join(' '))} ;;`,
    ),
    `    *) words=${quoted([...names, ...common].join(' '))} ;;`,
    '  esac',
    // An empty word behind a command that takes files means a file.
    '  case $command:$word in',
    ...named.filter(({ takesFile }) => takesFile).map(({ path }) => `    '${path}:') words= ;;`),
    '  esac',
    '  case $before in',
    ...[...valued].map(([name, { offers }]) => `    --${name}) words=${quoted((offers ?? []).join(' '))} ;;`),
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
    if (value === null) return quoted(`--${name}${what}`);
    return quoted(
      `--${name}=${what}:${value}:${takesPath(value) ? '_files' : `(${(offers ?? []).join(' ')})`}`,
    );
  };
  const operand = ({ words }: Command) =>
    quoted(words === null ? '*:file:_files' : `1:word:(${words.join(' ')})`);
  const call = (options: readonly Option[], ...operands: string[]) =>
    `_arguments ${[...[...options, ...commonOptions].map(argument), ...operands].join(' ')}`;
  const branch = (command: Command): string[] =>
    command.subcommands.length === 0
      ? [`        ${command.name}) ${call(command.options, operand(command))} ;;`]
      : [
          `        ${command.name})`,
          '          case $words[2] in',
          ...command.subcommands.map(
            ({ name, options, takesFile }) =>
              `            ${name}) ${call(options, operand(command), ...(takesFile ? [quoted('2:file:_files')] : []))} ;;`,
          ),
          `            *) ${call([], operand(command))} ;;`,
          '          esac ;;',
        ];
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
    ...commands.flatMap(branch),
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
    ...(value === null ? [] : takesPath(value) ? ['-r -F'] : [`-x -a ${quoted((offers ?? []).join(' '))}`]),
    `-d ${quoted(says)}`,
  ];
  const seen = (...words: string[]) => `__fish_seen_subcommand_from ${words.join(' ')}`;
  return [
    '# Completes cipherfilm in fish.',
    line('-f'),
    ...commonOptions.map((common) => line(...option(common))),
    ...commands.flatMap((command) => {
      const behind = `-n ${quoted(seen(command.name))}`;
      return [
        line('-n __fish_use_subcommand', `-a ${command.name}`, `-d ${quoted(command.says)}`),
        ...command.options.map((own) => line(behind, ...option(own))),
        ...(command.subcommands.length === 0
          ? [line(behind, command.words === null ? '-F' : `-a ${quoted(command.words.join(' '))}`)]
          : subcommandLines(command)),
      ];
    }),
  ];

  function subcommandLines({ name: parent, words, subcommands }: Command): string[] {
    const first = `-n ${quoted(`${seen(parent)}; and not ${seen(...words!)}`)}`;
    return subcommands.flatMap(({ name, says, options, takesFile }) => {
      const behind = `-n ${quoted(`${seen(parent)}; and ${seen(name)}`)}`;
      return [
        line(first, `-a ${name}`, `-d ${quoted(says)}`),
        ...options.map((own) => line(behind, ...option(own))),
        ...(takesFile ? [line(behind, '-F')] : []),
      ];
    });
  }
}

/** Whether what follows an option is a path. */
const takesPath = (value: string): boolean => value === 'FILE' || value === 'FOLDER';
