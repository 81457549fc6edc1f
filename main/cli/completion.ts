import {
  commonFlags,
  type Flag,
  type FlagName,
  flags,
  type KeyCommandName,
  keyCommands,
  specOf,
} from './keys/key-commands.ts';

const classifyFlags = ['--evaluator', '--passphrase-file', '--data', '--json', '--help'];
const shells = ['bash', 'zsh', 'fish'];
const names = Object.keys(keyCommands) as KeyCommandName[];
const flagsOf = (name: KeyCommandName): readonly FlagName[] => [...specOf(name).flags, ...commonFlags];
const long = (of: readonly FlagName[]): string => of.map((flag) => `--${flag}`).join(' ');

const bash = (): string => `_cipherfilm() {
  local word="\${COMP_WORDS[COMP_CWORD]}" found=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    found="classify keys completion --help --version"
  elif [ "\${COMP_WORDS[1]}" = completion ]; then
    found="${shells.join(' ')}"
  elif [ "\${COMP_WORDS[1]}" = classify ]; then
    found="${classifyFlags.join(' ')}"
  elif [ "\${COMP_WORDS[1]}" = keys ] && [ "$COMP_CWORD" -eq 2 ]; then
    found="${names.join(' ')} --help"
  elif [ "\${COMP_WORDS[1]}" = keys ]; then
    case "\${COMP_WORDS[2]}" in
${names.map((name) => `      ${name}) found="${long(flagsOf(name))}" ;;\n`).join('')}    esac
  fi
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$found" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "$found" -- "$word") $(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _cipherfilm cipherfilm
`;

const zsh = (): string => `autoload -U +X bashcompinit && bashcompinit
${bash()}`;

function fish(): string {
  const inKeys = '__fish_seen_subcommand_from keys';
  const line = (condition: string, rest: string) => `complete -c cipherfilm -n '${condition}' ${rest}\n`;
  const flagLine = (name: KeyCommandName, flag: FlagName) => {
    const { value, about }: Flag = flags[flag];
    const condition = `${inKeys}; and __fish_seen_subcommand_from ${name}`;
    return line(condition, `-l ${flag}${value === null ? '' : ' -r'} -d '${about}'`);
  };
  return [
    line('__fish_use_subcommand', "-a 'classify keys completion'"),
    line('__fish_seen_subcommand_from completion', `-f -a '${shells.join(' ')}'`),
    ...classifyFlags.map((flag) => line('__fish_seen_subcommand_from classify', `-l ${flag.slice(2)}`)),
    ...names.map((name) =>
      line(
        `${inKeys}; and not __fish_seen_subcommand_from ${names.join(' ')}`,
        `-f -a ${name} -d '${specOf(name).about[0]}'`,
      ),
    ),
    ...names.flatMap((name) => flagsOf(name).map((flag) => flagLine(name, flag))),
  ].join('');
}

/** Writes what a shell needs to complete commands and flags, to be read by it at its start. @returns null for another shell. */
export function completion(shell: string): string | null {
  if (shell === 'bash') return bash();
  if (shell === 'zsh') return zsh();
  return shell === 'fish' ? fish() : null;
}
