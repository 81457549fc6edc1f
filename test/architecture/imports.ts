import ts from 'typescript';
import { resolver } from './resolve.ts';
import { perSource, type Specifier, scriptOf } from './script.ts';
import { scriptPaths } from './script-paths.ts';
import type { Tree } from './tree.ts';

/**
 * One dependency of a source file. `to` is a path of ours or the name of a package. An `import` is any import or
 * export, also of types alone; a `script` is a path in the code that names a source file, such as what a process is
 * started from; `missing` resolves to nothing, and `computed` is known only when the program runs.
 */
export type Edge = {
  readonly from: string;
  readonly line: number;
  readonly to: string;
  readonly kind: 'import' | 'package' | 'script' | 'missing' | 'computed';
};

/** Vite's import of every file that matches. */
const isGlob = ({ expression }: ts.CallExpression): boolean =>
  ts.isPropertyAccessExpression(expression) &&
  ts.isMetaProperty(expression.expression) &&
  expression.name.text === 'glob';

const isRequire = (call: ts.CallExpression): boolean =>
  (ts.isIdentifier(call.expression) && call.expression.text === 'require') ||
  (ts.isCallExpression(call.expression) &&
    ts.isIdentifier(call.expression.expression) &&
    call.expression.expression.text === 'createRequire');

/** The expression by which a node of the syntax tree names a module, if it does. */
function namingIn(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  if (!ts.isCallExpression(node)) return undefined;
  const names = node.expression.kind === ts.SyntaxKind.ImportKeyword || isRequire(node) || isGlob(node);
  return names ? node.arguments[0] : undefined;
}

const specifiers = perSource((source): Specifier[] => {
  const found: Specifier[] = source.referencedFiles.map(({ fileName, pos }) => ({
    name: `./${fileName}`,
    at: pos,
  }));
  const visit = (node: ts.Node): void => {
    const naming = namingIn(node);
    if (naming !== undefined)
      found.push({
        name: ts.isStringLiteralLike(naming) ? naming.text : null,
        at: naming.getStart(source),
      });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
});

/** Every dependency of every file of the tree, in the order of files and lines. */
export function edgesOf(tree: Tree): Edge[] {
  const resolve = resolver(tree);
  return [...tree].flatMap(([from, text]) => {
    const { source, markup } = scriptOf(from, text);
    const lineAt = (at: number) => source.getLineAndCharacterOfPosition(at).line + 1;
    const imports = [...specifiers(source), ...markup].map(({ name, at }): Edge => {
      const line = lineAt(at);
      if (name === null) return { from, line, to: 'a module whose path is computed', kind: 'computed' };
      return { from, line, ...resolve(name, from) };
    });
    const imported = new Set(imports.map(({ to }) => to));
    const scripts = scriptPaths(source, tree)
      .filter(({ to }) => !imported.has(to) && to !== from)
      .map(({ to, at }): Edge => ({ from, line: lineAt(at), to, kind: 'script' }));
    return [...imports, ...scripts].sort((a, b) => a.line - b.line);
  });
}
