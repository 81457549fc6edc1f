import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/**
 * What a file exports is explained where it is defined, in at least one sentence, so that a newcomer can read it
 * without its callers.
 */
const root = join(import.meta.dirname, '..');

/** In these folders, every exported function, class, type and constant needs a docstring. */
const wholeRoots = ['he', 'kernel'] as const;
/** In these folders, every exported function and class needs one. */
const callableRoots = ['dicom', 'main', 'native-models', 'evaluator'] as const;

type Wanted = 'everything' | 'callables';
/** A sentence has at least so many words, and ends. */
const leastWords = 4;

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** The text of a declaration's docstring before its first tag; empty without one. */
function proseOf(node: ts.Node): string {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return (ts.getTextOfJSDocComment(docs.at(-1)?.comment) ?? '').replace(/\s+/g, ' ').trim();
}

const isSentence = (prose: string): boolean =>
  prose.split(' ').length >= leastWords && /[.:?!]([\s)"`]|$)/.test(prose);

const isExported = (node: ts.Statement): boolean =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false);

/** The names that a statement exports. */
function namesOf(statement: ts.Statement, wanted: Wanted): ts.Node[] {
  if (!isExported(statement)) return [];
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement))
    return [statement.name ?? statement];
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations
      .filter(
        ({ initializer: value }) =>
          wanted === 'everything' ||
          (value !== undefined && (ts.isArrowFunction(value) || ts.isFunctionExpression(value))),
      )
      .map(({ name }) => name);
  const isType = ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement);
  return isType && wanted === 'everything' ? [statement.name] : [];
}

/** The exported declarations of a file without a docstring of a sentence, as `file:line name`. */
function undescribed(file: string, text: string, wanted: Wanted): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const described = new Set<string>();
  const missing: { name: string; line: number }[] = [];
  for (const statement of source.statements)
    for (const node of namesOf(statement, wanted)) {
      const name = node.getText(source);
      if (isSentence(proseOf(statement))) described.add(name);
      else missing.push({ name, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 });
    }
  // One docstring serves all overloads, and a type that has the name of its value.
  return missing
    .filter(({ name }) => !described.has(name))
    .map(({ name, line }) => `${file}:${line} ${name}`);
}

const undescribedUnder = (folder: string, wanted: Wanted): string[] =>
  filesUnder(folder).flatMap((file) => undescribed(file, readFileSync(join(root, file), 'utf8'), wanted));

describe('docstrings', () => {
  for (const folder of wholeRoots)
    it(`describe all that ${folder}/ exports`, () => {
      expect(undescribedUnder(folder, 'everything')).toEqual([]);
    });
  for (const folder of callableRoots)
    it(`describe every function and class that ${folder}/ exports`, () => {
      expect(undescribedUnder(folder, 'callables')).toEqual([]);
    });
});

describe('the check', () => {
  const planted = [
    'export function bare(): void {}',
    '/** Too short. */',
    'export class Short {}',
    '/** @throws TypeError always, and in many words. */',
    'export const onlyTag = () => {};',
    '/** no end of this sentence here */',
    'export const endless = function () {};',
    '/** Says what it does, in a sentence. */',
    'export function described(): void {}',
    'function hidden(): void {}',
    'export const size = 1;',
    'export type Side = number;',
  ].join('\n');

  it('finds functions and classes without a sentence, and says where they are', () => {
    expect(undescribed('planted.ts', planted, 'callables')).toEqual([
      'planted.ts:1 bare',
      'planted.ts:3 Short',
      'planted.ts:5 onlyTag',
      'planted.ts:7 endless',
    ]);
  });

  it('finds constants and types where everything is wanted', () => {
    expect(undescribed('planted.ts', planted, 'everything').slice(-2)).toEqual([
      'planted.ts:11 size',
      'planted.ts:12 Side',
    ]);
  });

  it('lets one docstring serve all overloads', () => {
    const text =
      '/** Takes one or the other. */\nexport function f(a: 1): void;\nexport function f(a: 2): void;';
    expect(undescribed('planted.ts', text, 'callables')).toEqual([]);
  });
});
