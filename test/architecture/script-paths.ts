import { dirname, join } from 'node:path/posix';
import ts from 'typescript';
import { perSource } from './script.ts';
import { bundledFrom } from './table/edges.ts';
import { sourceFile, type Tree } from './tree.ts';

/** Stands in a path for the part that only running the program tells. */
const unknown = '*';

type Place = { readonly to: string; readonly at: number };
/** An expression that says a path, and where it stands in the file. */
type Said = { readonly path: string; readonly at: number; readonly end: number };

/**
 * Source files that a file names by a path in its values, such as the script of a child process. Paths put together
 * from literals, constants of the same file, `import.meta`, `join`, `resolve` and `new URL` are followed; a part that
 * cannot be known matches anything.
 */
export function scriptPaths(source: ts.SourceFile, tree: Tree): Place[] {
  const found: Place[] = [];
  let until = 0;
  for (const { path, at, end } of pathsIn(source)) {
    // The parts of a path that was found say nothing more.
    if (at < until) continue;
    const files = filesAt(path, source.fileName, tree);
    if (files.length > 0) until = end;
    found.push(...files.map((to) => ({ to, at })));
  }
  return found;
}

/** Every path that may be one of a source file, the outer expression before its parts. */
const pathsIn = perSource((source): Said[] => {
  const constants = constantsOf(source);
  const said: Said[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
    const path = isPath(node) ? evaluate(node, source.fileName, constants) : unknown;
    if (namesSource(path)) said.push({ path, at: node.getStart(source), end: node.end });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return said;
});

function namesSource(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return !/\s/.test(path) && !name.startsWith(unknown) && (sourceFile.test(name) || name.endsWith('.*'));
}

const isPath = (node: ts.Node): node is ts.Expression =>
  ts.isStringLiteralLike(node) ||
  ts.isTemplateExpression(node) ||
  ts.isCallExpression(node) ||
  ts.isNewExpression(node) ||
  (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken);

type Constants = ReadonlyMap<string, ts.Expression>;

function constantsOf(source: ts.SourceFile): Constants {
  const constants = new Map<string, ts.Expression>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer)
      constants.set(node.name.text, node.initializer);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return constants;
}

/** What an expression says as a path: `/` is the root of the repository, `*` a part that is not known. */
function evaluate(node: ts.Expression, file: string, constants: Constants, depth = 0): string {
  const of = (inner: ts.Expression): string => evaluate(inner, file, constants, depth + 1);
  if (depth > 20) return unknown;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return (
      node.head.text + node.templateSpans.map((span) => of(span.expression) + span.literal.text).join('')
    );
  if (ts.isBinaryExpression(node)) return of(node.left) + of(node.right);
  if (ts.isIdentifier(node)) {
    const value = constants.get(node.text);
    return value === undefined ? unknown : of(value);
  }
  if (ts.isPropertyAccessExpression(node)) return property(node, file) ?? of(node.expression);
  if (ts.isNewExpression(node)) return ofUrl((node.arguments ?? []).map(of));
  if (ts.isCallExpression(node))
    return ofCall(calledName(node), (listJoined(node) ?? node.arguments).map(of));
  return unknown;
}

/** `import.meta.dirname` and its like; `href` and `pathname` of a URL are left to whoever evaluates the URL. */
function property(node: ts.PropertyAccessExpression, file: string): string | undefined {
  if (ts.isMetaProperty(node.expression))
    return node.name.text === 'dirname' ? `/${dirname(file)}` : `/${file}`;
  return /^(href|pathname)$/.test(node.name.text) ? undefined : unknown;
}

const calledName = (node: ts.CallExpression): string =>
  ts.isPropertyAccessExpression(node.expression) ? node.expression.name.text : node.expression.getText();

/** The parts in `['a', 'b'].join('/')`. */
const listJoined = ({ expression }: ts.CallExpression): readonly ts.Expression[] | undefined =>
  ts.isPropertyAccessExpression(expression) && ts.isArrayLiteralExpression(expression.expression)
    ? expression.expression.elements
    : undefined;

const ofUrl = ([path = unknown, base]: readonly string[]): string =>
  base === undefined ? path : join(base.endsWith('/') ? base : dirname(base), path);

function ofCall(name: string, parts: readonly string[]): string {
  if (/^(fileURLToPath|pathToFileURL|String)$/.test(name)) return parts[0] ?? unknown;
  if (name === 'dirname') return dirname(parts[0] ?? unknown);
  return /^(join|resolve)$/.test(name) ? joined(parts) : unknown;
}

/** Up from an unknown folder is an unknown folder. */
function joined([first = '', ...rest]: readonly string[]): string {
  const isUnknown = first === unknown || first.startsWith(`${unknown}/`);
  return isUnknown ? `${unknown}/${join(...rest).replace(/^(\.\.\/)+/, '')}` : join(first, ...rest);
}

/** Below an unknown folder is anywhere; another unknown part is one of a name. */
function inPattern(path: string): RegExp {
  const anywhere = path.startsWith(`${unknown}/`);
  const parts = (anywhere ? path.slice(2) : path).split(unknown);
  const text = parts.map((part) => part.replace(/[.+?^$()[\]{}|\\]/g, '\\$&')).join('[^/]*');
  return new RegExp(`^${anywhere ? '(.*/)?' : ''}${text}$`);
}

/** Source files at a path that is seen from the root, from the file's folder or, as a bundled file, from out/. */
function filesAt(path: string, file: string, tree: Tree): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/\s/.test(path) || name.startsWith(unknown) || !(sourceFile.test(name) || /\.\*$/.test(name)))
    return [];
  const places = path.startsWith('/') ? [path.slice(1)] : [path, join(dirname(file), path)];
  const sources = places.flatMap((place) => {
    const normal = join(place);
    if (tree.has(normal)) return [normal];
    return normal.includes(unknown)
      ? [...tree.keys()].filter((source) => inPattern(normal).test(source))
      : [];
  });
  const bundled = ['out/main', 'out/evaluator'].map((folder) => bundledFrom.get(join(folder, path)));
  return [...new Set([...sources, ...bundled.filter((source) => source !== undefined)])];
}
