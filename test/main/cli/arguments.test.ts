import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands, commonOptions, exitStatuses } from '../../../main/cli/arguments/commands.ts';
import { completionScript } from '../../../main/cli/arguments/completion.ts';
import { commandHelp, programHelp } from '../../../main/cli/arguments/help.ts';
import { readArguments } from '../../../main/cli/arguments/read-arguments.ts';
import { titled } from '../../titled.ts';

describe('the arguments', () => {
  it.each([
    ['another command', ['diagnose', 'a.dcm'], 'there is no command "diagnose"'],
    ['no command', ['--json'], 'there is no option "--json" without a command'],
    ['no file', ['classify'], 'no file is named'],
    ['an unknown option', ['classify', 'a.dcm', '-x'], 'classify has no option "-x"'],
    ['an option of another command', ['completion', 'bash', '--json'], 'completion has no option "--json"'],
    ['an option without its value', ['classify', 'a.dcm', '--evaluator'], '"--evaluator" needs a value, URL'],
    [
      'an option in place of a value',
      ['classify', '--evaluator', '--json'],
      '"--evaluator" needs a value, URL',
    ],
    ['a value that is not taken', ['classify', 'a.dcm', '--json=yes'], '"--json" takes no value'],
    ['standard input twice', ['classify', '-', '-'], '- can be named only once'],
    ['two forms', ['classify', 'a', '--json', '--json-lines'], '--json and --json-lines exclude each other'],
    [
      'an unknown form',
      ['classify', 'a', '--export', 'd', '--as', 'sr,xml'],
      '--as has no form "xml"; there are sr, sc, pdf, csv, json, film',
    ],
    [
      'a film that names its patient',
      ['classify', 'a', '--export', 'd', '--as', 'film'],
      '--as film needs --anonymous',
    ],
    [
      'forms of nothing',
      ['classify', 'a', '--as', 'sr'],
      '--as says something about --export, which is missing',
    ],
    [
      'anonymity of nothing',
      ['classify', 'a', '--anonymous'],
      '--anonymous says something about --export, which is missing',
    ],
    [
      'dates of a named export',
      ['classify', 'a', '--export', 'd', '--shift-dates'],
      '--shift-dates says something about --anonymous, which is missing',
    ],
    ['a file to listen to', ['listen', 'a.dcm'], 'listen takes no file; the settings say what it listens to'],
    ['an unknown action', ['archive', 'delete'], 'one of test, send, find, get is expected'],
    [
      'a study without a folder',
      ['archive', 'get', '1.2'],
      'STUDY-UID FOLDER is expected behind archive get',
    ],
    ['an unknown shell', ['completion', 'tcsh'], 'one shell is expected, bash, zsh, fish'],
  ])('are refused in one line: %s', (_, args, reason) => {
    const wish = readArguments(args);
    expect(wish).toEqual({ kind: 'wrong', line: expect.stringContaining(`${reason}; "cipherfilm `) });
  });

  it('name files, also those that look like options, and the form of the output', () => {
    expect(readArguments(['classify', 'a.dcm', '--json-lines', '-', '--', '--b.dcm'])).toEqual({
      ...{ kind: 'classify', paths: ['a.dcm', '-', '--b.dcm'] },
      ...{ evaluator: undefined, data: undefined, passphraseFile: undefined, form: 'json-lines' },
      turnsByPicture: false,
      export: null,
    });
    expect(readArguments(['--evaluator=embedded', 'classify', 'a'])).toMatchObject({
      evaluator: 'embedded',
      form: 'text',
    });
  });

  it('name what is exported, in the order of the forms, all of them where none is named', () => {
    const exportOf = (...args: string[]) => readArguments(['classify', 'a', '--export', 'd', ...args]);
    expect(exportOf()).toMatchObject({
      export: { folder: 'd', forms: ['sr', 'sc', 'pdf', 'csv', 'json'], anonymous: null },
    });
    expect(exportOf('--as', 'csv, sr')).toMatchObject({ export: { forms: ['sr', 'csv'] } });
    expect(exportOf('--anonymous')).toMatchObject({
      export: { anonymous: { dates: 'removed', filmsChecked: false } },
    });
    expect(exportOf('--anonymous', '--shift-dates', '--films-checked')).toMatchObject({
      export: { anonymous: { dates: 'shifted', filmsChecked: true } },
    });
  });

  it('name the passphrase of the kept key, which standard input may hold when it holds no file', () => {
    expect(readArguments(['classify', 'a', '--passphrase-file', '-', '--data', 'd'])).toMatchObject({
      ...{ paths: ['a'], passphraseFile: '-', data: 'd' },
    });
    expect(readArguments(['classify', '-', '--passphrase-file', '-'])).toMatchObject({
      line: expect.stringContaining('standard input can be the file or the passphrase, not both'),
    });
  });

  it('behind keys, and before it, are left to the commands about keys', () => {
    expect(readArguments(['keys', 'list', '--json'])).toEqual({ kind: 'keys', args: ['list', '--json'] });
    expect(readArguments(['--help', 'keys'])).toEqual({ kind: 'keys', args: ['--help'] });
    expect(readArguments(['--data', 'keys', 'keys', 'list'])).toEqual({
      kind: 'keys',
      args: ['--data', 'keys', 'list'],
    });
  });

  it('ask for help of the program or of a command', () => {
    expect(readArguments(['-h'])).toEqual({ kind: 'help', command: null });
    expect(readArguments(['classify', '--help'])).toMatchObject({ command: { name: 'classify' } });
  });
});

describe('help and the document', () => {
  const document = readFileSync(
    join(import.meta.dirname, '..', '..', '..', 'docs', 'command-line.md'),
    'utf8',
  );

  it('name every command, every option and every exit status', () => {
    for (const command of commands) {
      expect(programHelp()).toContain(command.name);
      for (const { name } of [...command.options, ...commonOptions]) {
        expect(commandHelp(command)).toContain(`--${name}`);
        expect(document).toContain(`\`--${name}`);
      }
    }
    for (const [status, meaning] of exitStatuses) {
      expect(programHelp()).toContain(meaning);
      expect(document).toContain(`| ${status} | ${meaning} |`);
    }
  });
});

/** Why a shell cannot be asked; null when it can. */
function without(shell: string): string | null {
  try {
    execFileSync(shell, ['-c', 'exit 0']);
    return null;
  } catch {
    return `${shell} is not installed`;
  }
}

describe('a completion script', () => {
  it.each(['bash', 'zsh', 'fish'] as const)('knows every command and option: %s', (shell) => {
    const script = completionScript(shell);
    for (const { name, options, subcommands } of commands)
      for (const word of [
        ...[name, ...options.map((option) => option.name)],
        ...subcommands.flatMap((behind) => [behind.name, ...behind.options.map((option) => option.name)]),
      ])
        expect(script).toContain(word);
  });

  const noBash = without('bash');
  it.skipIf(noBash !== null)(titled('completes commands, options and shells in bash', noBash), () => {
    const complete = (...words: string[]) =>
      execFileSync('bash', [
        ...[
          '-c',
          `${completionScript('bash')}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cipherfilm; echo "\${COMPREPLY[*]}"`,
        ],
        ...['bash', 'cipherfilm', ...words],
      ])
        .toString()
        .trim();
    expect(complete('')).toBe('classify listen archive keys completion -h --help -v --version');
    expect(complete('cl')).toBe('classify');
    expect(complete('classify', '--j')).toBe('--json --json-lines');
    expect(complete('classify', '--evaluator', '')).toBe('embedded');
    expect(complete('completion', '')).toBe('bash zsh fish -h --help -v --version');
    expect(complete('keys', 'ro')).toBe('rotate');
    expect(complete('keys', 'export', '--s')).toBe('--sheet');
    expect(complete('keys', 'list', '--s')).toBe('');
    // Left to readline, which offers files.
    expect(complete('classify', '')).toBe('');
    expect(complete('keys', 'import', '')).toBe('');
  });

  for (const shell of ['zsh', 'fish'] as const) {
    const missing = without(shell);
    it.skipIf(missing !== null)(titled(`is understood by ${shell}`, missing), () => {
      execFileSync(shell, ['-n', '-c', completionScript(shell)]);
    });
  }
});
