import { parseArgs } from 'node:util';
import { type ExportArguments, readExportArguments } from '../export/export-arguments.ts';
import {
  type ArchiveAction,
  archiveActions,
  type Command,
  commandNamed,
  commands,
  commonOptions,
  type Shell,
  shells,
} from './commands.ts';

/** The form in which a command prints what became of files: for people, or for programs. */
export type Form = 'text' | 'json' | 'json-lines';

/** What somebody asked the program for. */
export type Wish =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'help'; readonly command: Command | null }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly line: string }
  | {
      readonly kind: 'classify';
      readonly paths: readonly string[];
      readonly evaluator: string | undefined;
      /** The data folder in place of the application's. */
      readonly data: string | undefined;
      /** Holds the passphrase of the kept key; `-` stands for standard input. */
      readonly passphraseFile: string | undefined;
      /** Films of which only the picture shows how they lie are turned, and not refused. */
      readonly turnsByPicture: boolean;
      readonly form: Form;
      /** What is to be exported; null where nothing is. */
      readonly export: ExportArguments | null;
    }
  | {
      readonly kind: 'listen';
      readonly evaluator: string | undefined;
      readonly data: string | undefined;
      readonly passphraseFile: string | undefined;
      readonly form: Exclude<Form, 'json'>;
    }
  | {
      readonly kind: 'archive';
      readonly action: ArchiveAction;
      readonly operands: readonly string[];
      readonly data: string | undefined;
    }
  /** Everything but the word `keys`; main/cli/keys/read-key-arguments.ts understands it. */
  | { readonly kind: 'keys'; readonly args: readonly string[] }
  | { readonly kind: 'completion'; readonly shell: Shell };

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

const everyOption = [
  ...commands.flatMap(({ options, subcommands }) => [
    ...options,
    ...subcommands.flatMap((subcommand) => subcommand.options),
  ]),
  ...commonOptions,
];
const parseOptions = Object.fromEntries(
  everyOption.map(({ name, short, value }) => [
    name,
    { type: value === null ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) } as const,
  ]),
);

/** Understands the arguments of the program. One that it does not know makes the whole call wrong. */
export function readArguments(args: readonly string[]): Wish {
  if (args.length === 0) return { kind: 'nothing' };
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: parseOptions,
    // The library's own refusals take several lines.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const [name, ...operands] = positionals;
  const command = commandNamed(name);
  if (name !== undefined && command === null)
    return wrong(`there is no command ${JSON.stringify(name)}`, null);
  if (command?.name === 'keys') {
    const at = tokens.find((token) => token.kind === 'positional')!.index;
    return { kind: 'keys', args: args.toSpliced(at, 1) };
  }
  const given = tokens.filter((token) => token.kind === 'option');
  const fault = given.map((token) => faultOf(token, command)).find((text) => text !== null);
  if (fault !== undefined) return wrong(fault, command);
  if (values.help === true) return { kind: 'help', command };
  if (values.version === true) return { kind: 'version' };
  if (command === null) return wrong('a command is missing', null);
  if (command.name === 'classify') return classifyWish(operands, values, command);
  if (command.name === 'listen') return listenWish(operands, values, command);
  return command.name === 'archive'
    ? archiveWish(operands, values, command)
    : completionWish(operands, command);
}

/** Says in one line what is wrong, and where help is. */
function wrong(reason: string, command: Command | null): Wish {
  const help = ['cipherfilm', ...(command === null ? [] : [command.name]), '--help'].join(' ');
  return { kind: 'wrong', line: `${reason}; "${help}" says what there is` };
}

/** What is wrong with an option; null when nothing is. */
function faultOf({ name, rawName, value, inlineValue }: OptionToken, command: Command | null): string | null {
  const option = [...(command?.options ?? []), ...commonOptions].find((known) => known.name === name);
  const shown = JSON.stringify(rawName);
  if (option === undefined) {
    return command === null
      ? `there is no option ${shown} without a command`
      : `${command.name} has no option ${shown}`;
  }
  if (option.value === null) return value === undefined ? null : `${shown} takes no value`;
  const isMissing =
    value === undefined || value === '' || (!inlineValue && value.startsWith('-') && value !== '-');
  return isMissing ? `${shown} needs a value, ${option.value}` : null;
}

type Values = ReturnType<typeof parseArgs>['values'];

function classifyWish(paths: readonly string[], values: Values, command: Command): Wish {
  if (paths.length === 0) return wrong('no file is named', command);
  if (paths.includes('')) return wrong('a path is empty', command);
  if (paths.filter((path) => path === '-').length > 1) return wrong('- can be named only once', command);
  const { json } = values;
  const asLines = values['json-lines'];
  if (json === true && asLines === true) return wrong('--json and --json-lines exclude each other', command);
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const passphraseFile = text('passphrase-file');
  if (passphraseFile === '-' && paths.includes('-'))
    return wrong('standard input can be the file or the passphrase, not both', command);
  const exportArguments = readExportArguments({
    ...{ export: text('export'), as: text('as'), anonymous: values.anonymous === true },
    ...{ 'shift-dates': values['shift-dates'] === true, 'films-checked': values['films-checked'] === true },
  });
  if (typeof exportArguments === 'string') return wrong(exportArguments, command);
  return {
    kind: 'classify',
    export: exportArguments,
    paths,
    evaluator: text('evaluator'),
    data: text('data'),
    passphraseFile,
    turnsByPicture: values.turn === true,
    form: json === true ? 'json' : asLines === true ? 'json-lines' : 'text',
  };
}

function listenWish(operands: readonly string[], values: Values, command: Command): Wish {
  if (operands.length > 0) return wrong('listen takes no file; the settings say what it listens to', command);
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  return {
    kind: 'listen',
    evaluator: text('evaluator'),
    data: text('data'),
    passphraseFile: text('passphrase-file'),
    form: values['json-lines'] === true ? 'json-lines' : 'text',
  };
}

/** What follows each action: so many operands at least, and at most. */
const operandsOf: Readonly<Record<ArchiveAction, readonly [least: number, most: number, what: string]>> = {
  test: [0, 0, 'nothing'],
  send: [1, 10_000, 'FILE...'],
  find: [1, 1, 'PATIENT-ID'],
  get: [2, 2, 'STUDY-UID FOLDER'],
};

function archiveWish([name, ...operands]: readonly string[], values: Values, command: Command): Wish {
  const action = archiveActions.find((known) => known === name);
  if (action === undefined) return wrong(`one of ${archiveActions.join(', ')} is expected`, command);
  const [least, most, what] = operandsOf[action];
  if (operands.length < least || operands.length > most || operands.includes(''))
    return wrong(`${what} is expected behind archive ${action}`, command);
  return {
    kind: 'archive',
    action,
    operands,
    data: typeof values.data === 'string' ? values.data : undefined,
  };
}

function completionWish([name, ...others]: readonly string[], command: Command): Wish {
  const shell = shells.find((known) => known === name);
  if (shell !== undefined && others.length === 0) return { kind: 'completion', shell };
  return wrong(`one shell is expected, ${shells.join(', ')}`, command);
}
