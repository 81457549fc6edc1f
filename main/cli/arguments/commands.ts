/** An option of a command. `value` names what follows it, and is null where nothing does. */
export type Option = {
  readonly name: string;
  readonly short?: string;
  readonly value: string | null;
  /** Values that a shell may offer. */
  readonly offers?: readonly string[];
  readonly says: string;
};

/** A command as help, completion and the reading of arguments know it. */
export type Command = {
  readonly name: CommandName;
  readonly says: string;
  /** What follows the command, as help writes it. */
  readonly operands: string;
  /** The words that may stand there; null where files do. */
  readonly words: readonly string[] | null;
  readonly options: readonly Option[];
  /** What help says below the options, line by line. */
  readonly more: readonly string[];
};

export type CommandName = 'classify' | 'completion';

/** The shells for which there is a completion script. */
export const shells = ['bash', 'zsh', 'fish'] as const;
/** The name of such a shell. */
export type Shell = (typeof shells)[number];

/** All commands, in the order in which help lists them. */
export const commands: readonly Command[] = [
  {
    name: 'classify',
    says: 'classifies DICOM chest radiographs under encryption',
    operands: 'PATH...',
    words: null,
    options: [
      {
        name: 'evaluator',
        value: 'URL',
        offers: ['embedded'],
        says: 'the evaluator to ask; "embedded" starts one on this machine',
      },
      { name: 'json', value: null, says: 'prints one JSON object when all files are done' },
      { name: 'json-lines', value: null, says: 'prints one JSON object a line as soon as a file is done' },
    ],
    more: [
      'PATH is a file, a folder, a zip archive, a DICOMDIR, or a pattern such as "**/*.dcm". The content decides what a file',
      'is, its name does not. A single - reads one file from standard input, which is never written to disk.',
      'Results and refusals go to standard output, progress goes to standard error.',
      'Without --evaluator the settings decide; where they name no evaluator, one is started on this machine.',
      'Ctrl-C cancels and reports what was done; a second one ends at once.',
    ],
  },
  {
    name: 'completion',
    says: 'prints a script that makes a shell complete commands, options and files',
    operands: shells.join('|'),
    words: shells,
    options: [],
    more: [
      'bash  source <(cipherfilm completion bash)    in ~/.bashrc',
      'zsh   source <(cipherfilm completion zsh)     in ~/.zshrc, after compinit',
      'fish  cipherfilm completion fish > ~/.config/fish/completions/cipherfilm.fish',
    ],
  },
];

/** The options that every command has, and the program without a command. */
export const commonOptions: readonly Option[] = [
  { name: 'help', short: 'h', value: null, says: 'prints help, for a command when one is named' },
  { name: 'version', short: 'v', value: null, says: 'prints the version of the program and its model' },
];

/** What each exit status means. The documents list the same. */
export const exitStatuses: readonly (readonly [status: string, meaning: string])[] = [
  ['0', 'every radiograph was classified; what else lies in a folder or an archive may have been skipped'],
  ['1', 'at least one was refused, failed or was cancelled, or there was none'],
  ['2', 'wrong usage: nothing was begun'],
  ['128 + n', 'signal n ended it, or was sent a second time'],
];

/** Finds a command by its name; null when there is none. */
export const commandNamed = (name: string | undefined): Command | null =>
  commands.find((command) => command.name === name) ?? null;
