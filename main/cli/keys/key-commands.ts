/** A flag of a command about keys. `value` names what follows it; null for one that stands alone. */
export type Flag = {
  readonly value: string | null;
  readonly about: string;
  readonly isMany?: boolean;
  /** Values that a shell may offer. */
  readonly offers?: readonly string[];
};

/** One command about keys: what it takes, and what it does. */
export type KeyCommandSpec = {
  /** The arguments without a flag, as the usage shows them; one in brackets may be left out. */
  readonly takes: readonly string[];
  readonly flags: readonly FlagName[];
  /** Whether it asks the evaluator. */
  readonly asksEvaluator?: boolean;
  /** Whether it leaves word for the evaluator of the settings, which is not asked now. */
  readonly namesEvaluator?: boolean;
  /** Begins with one sentence that stands alone in the list of commands. */
  readonly about: readonly string[];
};

export const flags = {
  data: { value: 'FOLDER', about: 'the data folder in place of the application’s' },
  'passphrase-file': { value: 'FILE', about: 'the passphrase of the keys here; - is standard input' },
  json: { value: null, about: 'one object on standard output, or {error}' },
  help: { value: null, about: 'what a command takes' },
  label: { value: 'NAME', about: 'a name for people, up to 80 characters' },
  key: { value: 'KEY', about: 'first digits of a fingerprint, eight or more; the key in use if left out' },
  'export-passphrase-file': { value: 'FILE', about: 'the passphrase of the exported file' },
  sheet: { value: null, about: 'write a recovery sheet, a page to print' },
  custodians: { value: 'NUMBER', about: 'for so many people, 3 to 8, any two of whom open it together' },
  force: { value: null, about: 'replace a file that is there' },
  to: { value: 'ADDRESS', about: 'who can open it; may be given several times', isMany: true },
  'to-file': { value: 'FILE', about: 'addresses, one a line; lines with # do not count' },
  fingerprint: { value: 'HEX', about: 'the key that you have compared, all 64 digits; asks nothing' },
  proof: { value: 'FILE', about: 'write the record of the destruction there' },
  yes: { value: null, about: 'ask nothing' },
  evaluator: {
    value: 'URL',
    about: 'the evaluator in place of the one in the settings',
    offers: ['embedded'],
  },
  'new-passphrase-file': { value: 'FILE', about: 'the passphrase from now on' },
  'no-passphrase': { value: null, about: 'open without one from now on (setting withoutKeychain)' },
  'drop-keychain': { value: null, about: 'the system’s keychain opens the keys no longer' },
} as const satisfies Readonly<Record<string, Flag>>;
/** The name of a flag, without its dashes. */
export type FlagName = keyof typeof flags;

/** The flags that every command takes. */
export const commonFlags: readonly FlagName[] = ['data', 'passphrase-file', 'json', 'help'];

export const keyCommands = {
  list: { takes: [], flags: [], about: ['Lists the keys, those that were destroyed too.'] },
  create: {
    takes: [],
    flags: ['label'],
    about: [
      'Makes a key where none is in use.',
      'The first key begins the vault: a passphrase for it is asked for, or read from --passphrase-file.',
    ],
  },
  export: {
    takes: ['FILE'],
    flags: ['key', 'export-passphrase-file', 'sheet', 'custodians', 'force'],
    about: [
      'Writes a key to a file that a passphrase of its own opens.',
      'Send the file and its passphrase in different ways. With --sheet the file is a page to print and lock away.',
      'With --custodians FILE is a folder, and a page to print is written into it for each of so many people. Any two of the',
      'pages together open the key, without a passphrase; one alone opens nothing.',
    ],
  },
  share: {
    takes: ['FILE'],
    flags: ['key', 'to', 'to-file', 'force'],
    about: [
      'Writes a key to a file that certain workstations open, without a passphrase.',
      'An address comes from “keys address” of the other workstation (age1pq1…). Addresses of other programs for age',
      '(age1…) are taken too; who records such a file today can open it once there are large quantum computers.',
    ],
  },
  inspect: {
    takes: ['FILE', '[FILE]'],
    flags: ['export-passphrase-file'],
    about: ['Says whose key a file holds; nothing is changed.'],
  },
  import: {
    takes: ['FILE', '[FILE]'],
    flags: ['export-passphrase-file', 'fingerprint'],
    namesEvaluator: true,
    about: [
      'Takes a key in, in place of the one in use, which is kept.',
      'It shows the six words of the key and asks whether they are those of the workstation that it comes from.',
      'A key of several custodians needs two of their pages, each a FILE.',
    ],
  },
  rotate: {
    takes: [],
    flags: ['evaluator'],
    asksEvaluator: true,
    about: [
      'Makes a new key in place of the one in use, which is kept.',
      'The evaluator is told to delete the old evaluation keys, now or when it is reached next.',
    ],
  },
  destroy: {
    takes: ['KEY'],
    flags: ['evaluator', 'proof', 'force', 'yes'],
    asksEvaluator: true,
    about: [
      'Destroys a key for good.',
      'What was encrypted with it and is not decrypted yet can be read by nobody then. Exports of it stay valid.',
      'KEY is the first digits of its fingerprint, eight or more; with --yes all 64.',
    ],
  },
  verify: {
    takes: [],
    flags: ['evaluator'],
    asksEvaluator: true,
    about: [
      'Checks that the key in use and the evaluator’s keys belong together.',
      'A known picture is encrypted, evaluated and decrypted. The status is 1 where they do not.',
    ],
  },
  address: {
    takes: [],
    flags: [],
    about: ['Prints the address to which other workstations send keys.'],
  },
  unlock: {
    takes: [],
    flags: [],
    about: [
      'Tries whether the passphrase opens the keys.',
      'Nothing stays open: every command asks for the passphrase anew.',
    ],
  },
  'set-aside': {
    takes: [],
    flags: ['yes'],
    about: [
      'Sets keys aside that do not open any more, and begins with none.',
      'For a lost passphrase or a keychain that was reset. Their file is renamed and not deleted, and needs no passphrase for it.',
      '“keys import” takes the key in again: from an export, a recovery sheet, or with its passphrase from that file itself.',
    ],
  },
  protect: {
    takes: [],
    flags: ['new-passphrase-file', 'no-passphrase', 'drop-keychain'],
    about: [
      'Changes the passphrase that opens the keys.',
      'The command line has no keychain. Keys that the keychain opens lose that here, with --drop-keychain only; to keep',
      'it, change the passphrase in the application.',
    ],
  },
} as const satisfies Readonly<Record<string, KeyCommandSpec>>;
/** The name of a command about keys. */
export type KeyCommandName = keyof typeof keyCommands;

/** One command of the table. */
export const specOf = (name: KeyCommandName): KeyCommandSpec => keyCommands[name];
