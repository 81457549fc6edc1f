import { exportForms } from '../../../contract/exchange/export.ts';
import {
  commonFlags,
  type Flag,
  type FlagName,
  flags,
  type KeyCommandName,
  keyCommands,
  specOf,
} from '../keys/key-commands.ts';

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
  /** The commands behind this one, each with options of its own. */
  readonly subcommands: readonly Subcommand[];
  /** What help says below the options, line by line. */
  readonly more: readonly string[];
};

export type CommandName = 'classify' | 'listen' | 'archive' | 'keys' | 'completion';

/** A command behind a command, as completion knows it. */
export type Subcommand = {
  readonly name: string;
  readonly says: string;
  /** Whether a file stands behind it. */
  readonly takesFile: boolean;
  readonly options: readonly Option[];
};

const keyOption = (name: FlagName): Option => {
  const { value, about, offers }: Flag = flags[name];
  return { name, value, says: about, ...(offers === undefined ? {} : { offers }) };
};
const keySubcommands: readonly Subcommand[] = (Object.keys(keyCommands) as KeyCommandName[]).map((name) => {
  const { takes, about, flags: own } = specOf(name);
  const options = [...own, ...commonFlags.filter((flag) => flag !== 'help')].map(keyOption);
  return { name, says: about[0]!.replace(/\.$/, ''), takesFile: takes.includes('FILE'), options };
});

/** What can be asked of an archive. */
export const archiveActions = ['test', 'send', 'find', 'get'] as const;
/** One of these. */
export type ArchiveAction = (typeof archiveActions)[number];

/** The shells for which there is a completion script. */
export const shells = ['bash', 'zsh', 'fish'] as const;
/** The name of such a shell. */
export type Shell = (typeof shells)[number];

/** What classifying takes, wherever the files come from. */
const classifierOptions: readonly Option[] = [
  {
    name: 'evaluator',
    value: 'URL',
    offers: ['embedded'],
    says: 'the evaluator to ask; "embedded" starts one on this machine',
  },
  { name: 'data', value: 'FOLDER', says: 'the data folder in place of the application’s' },
  {
    name: 'passphrase-file',
    value: 'FILE',
    says: 'its first line opens the key that is kept here; - is standard input',
  },
];

/** All commands, in the order in which help lists them. */
export const commands: readonly Command[] = [
  {
    name: 'classify',
    says: 'classifies DICOM chest radiographs under encryption',
    operands: 'PATH...',
    words: null,
    options: [
      ...classifierOptions,
      {
        name: 'turn',
        value: null,
        says: 'turns films upright that surely lie otherwise although the file does not say so',
      },
      {
        name: 'export',
        value: 'FOLDER',
        says: 'writes every result into this folder too, which is made if it is not there',
      },
      {
        name: 'as',
        value: 'FORMS',
        says: `the forms to write, of ${exportForms.join(',')}; all that fit if it is left out`,
      },
      {
        name: 'anonymous',
        value: null,
        says: 'takes identity out of what is written (DICOM PS3.15 Basic Profile)',
      },
      {
        name: 'shift-dates',
        value: null,
        says: 'with --anonymous: moves dates back in place of removing them',
      },
      {
        name: 'films-checked',
        value: null,
        says: 'with --anonymous: somebody has looked at the films, and none names anybody',
      },
      { name: 'json', value: null, says: 'prints one JSON object when all files are done' },
      { name: 'json-lines', value: null, says: 'prints one JSON object a line as soon as a file is done' },
    ],
    subcommands: [],
    more: [
      'PATH is a file, a folder, a zip archive, a DICOMDIR, or a pattern such as "**/*.dcm". The content decides what a file',
      'is, its name does not. A single - reads one file from standard input, which is never written to disk.',
      'Results and refusals go to standard output, progress goes to standard error.',
      'Without --evaluator the settings decide; where they name no evaluator, one is started on this machine.',
      'The key is the one that this workstation keeps, where it opens without a question or with --passphrase-file;',
      'otherwise one is made for this run and kept in memory.',
      '--export writes FORMS of every result as soon as it is there, and records in the audit log that it does.',
      'Ctrl-C cancels and reports what was done; a second one ends at once.',
    ],
  },
  {
    name: 'listen',
    says: 'receives studies over the network or from a folder, and classifies them',
    operands: '',
    words: [],
    options: [
      ...classifierOptions,
      { name: 'json-lines', value: null, says: 'prints one JSON object a line as soon as a file is done' },
    ],
    subcommands: [],
    more: [
      'The settings say on which port it listens (C-STORE, C-ECHO), who may send, and which folder is watched.',
      'What arrives lies in the data folder until it is classified or refused, also when this program ends meanwhile.',
      'A file that the evaluator cannot do now waits and is tried again. Ctrl-C ends, with status 0.',
    ],
  },
  {
    name: 'archive',
    says: 'tests the archive, sends files to it, finds a patient’s studies there, brings one',
    operands: archiveActions.join('|'),
    words: archiveActions,
    options: [{ name: 'data', value: 'FOLDER', says: 'the data folder in place of the application’s' }],
    subcommands: [],
    more: [
      'test                  C-ECHO, and a question by DICOMweb',
      'send FILE...          by C-STORE, or by STOW-RS where only archiveUrl is set; each object once',
      'find PATIENT-ID       by QIDO-RS: date, study UID, modalities, images and description of each study, the newest first',
      'get STUDY-UID FOLDER  by WADO-RS',
      'The settings name the archive. Nothing is classified, and no key is opened.',
    ],
  },
  {
    name: 'keys',
    says: 'makes, lists, moves, changes and destroys the secret keys of this workstation',
    operands: 'COMMAND',
    words: keySubcommands.map(({ name }) => name),
    options: [],
    subcommands: keySubcommands,
    // It has a help of its own, main/cli/keys/key-usage.ts.
    more: [],
  },
  {
    name: 'completion',
    says: 'prints a script that makes a shell complete commands, options and files',
    operands: shells.join('|'),
    words: shells,
    options: [],
    subcommands: [],
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
  [
    '0',
    'every radiograph was classified, and exported if asked; what else lies in a folder or an archive may have been skipped',
  ],
  ['1', 'at least one was refused, failed, was cancelled or not exported, or there was none'],
  ['2', 'wrong usage: nothing was begun'],
  ['128 + n', 'signal n ended it, or was sent a second time'],
];

/** Finds a command by its name; null when there is none. */
export const commandNamed = (name: string | undefined): Command | null =>
  commands.find((command) => command.name === name) ?? null;
