import { parseArgs } from 'node:util';
import { type Command, commandNamed, commands, commonOptions, type Shell, shells } from './commands.ts';

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
      readonly form: Form;
    }
  | { readonly kind: 'completion'; readonly shell: Shell };

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

const everyOption = [...commands.flatMap(({ options }) => options), ...commonOptions];
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
  const given = tokens.filter((token) => token.kind === 'option');
  const fault = given.map((token) => faultOf(token, command)).find((text) => text !== null);
  if (fault !== undefined) return wrong(fault, command);
  if (values.help === true) return { kind: 'help', command };
  if (values.version === true) return { kind: 'version' };
  if (command === null) return wrong('a command is missing', null);
  return command.name === 'classify'
    ? classifyWish(operands, values, command)
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
  const isMissing = value === undefined || value === '' || (!inlineValue && value.startsWith('-'));
  return isMissing ? `${shown} needs a value, ${option.value}` : null;
}

type Values = ReturnType<typeof parseArgs>['values'];

function classifyWish(paths: readonly string[], values: Values, command: Command): Wish {
  if (paths.length === 0) return wrong('no file is named', command);
  if (paths.includes('')) return wrong('a path is empty', command);
  if (paths.filter((path) => path === '-').length > 1) return wrong('- can be named only once', command);
  const { json, evaluator } = values;
  const asLines = values['json-lines'];
  if (json === true && asLines === true) return wrong('--json and --json-lines exclude each other', command);
  return {
    kind: 'classify',
    paths,
    evaluator: typeof evaluator === 'string' ? evaluator : undefined,
    form: json === true ? 'json' : asLines === true ? 'json-lines' : 'text',
  };
}

function completionWish([name, ...others]: readonly string[], command: Command): Wish {
  const shell = shells.find((known) => known === name);
  if (shell !== undefined && others.length === 0) return { kind: 'completion', shell };
  return wrong(`one shell is expected, ${shells.join(', ')}`, command);
}
