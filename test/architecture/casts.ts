import ts from 'typescript';
import { perSource, scriptOf } from './script.ts';
import type { Tree } from './tree.ts';

export type Cast = { readonly file: string; readonly line: number; readonly type: string };

const idFolder = 'contract/ids/';
const errorFile = 'contract/errors.ts';

/** The branded ids: every type that contract/ids exports, and the error codes. */
export function brandedTypes(tree: Tree): Set<string> {
  const names = new Set(['ErrorCode']);
  for (const [file, text] of tree) {
    if (!file.startsWith(idFolder)) continue;
    for (const statement of scriptOf(file, text).source.statements)
      if (ts.isTypeAliasDeclaration(statement)) names.add(statement.name.text);
  }
  return names;
}

/** A type that code claims without the check of contract/ids: `x as T`, `<T>x`, `z.custom<T>()`, `x is T`. */
function claimIn(node: ts.Node): ts.TypeNode | undefined {
  if (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) return node.type;
  if (ts.isTypePredicateNode(node)) return node.type;
  const isCustom =
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.name.text === 'custom';
  return isCustom ? node.typeArguments?.[0] : undefined;
}

type Claims = {
  readonly claims: readonly { readonly type: ts.TypeNode; readonly line: number }[];
  /** Names of this file for something else: `import { BundleId as Id }`, `type Id = BundleId`. */
  readonly renamed: readonly { readonly name: string; readonly type: ts.Node }[];
};

const claimsOf = perSource((source): Claims => {
  const claims: { type: ts.TypeNode; line: number }[] = [];
  const renamed: { name: string; type: ts.Node }[] = [];
  const visit = (node: ts.Node): void => {
    const type = claimIn(node);
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    if (type !== undefined) claims.push({ type, line });
    if (ts.isImportSpecifier(node) && node.propertyName)
      renamed.push({ name: node.name.text, type: node.propertyName });
    if (ts.isTypeAliasDeclaration(node) && ts.isTypeReferenceNode(node.type))
      renamed.push({ name: node.name.text, type: node.type });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { claims, renamed };
});

/** The first branded type that a type names, anywhere in it. */
function brandIn(type: ts.Node, names: ReadonlyMap<string, string>): string | undefined {
  if (ts.isIdentifier(type)) return names.get(type.text);
  return ts.forEachChild(type, (child) => brandIn(child, names));
}

/** Places outside contract/ids that claim a value to be an id or an error code instead of parsing it. */
export function castsOf(tree: Tree): Cast[] {
  const branded = brandedTypes(tree);
  return [...tree].flatMap(([file, text]) => {
    if (file.startsWith(idFolder) || file === errorFile) return [];
    const { claims, renamed } = claimsOf(scriptOf(file, text).source);
    const names = new Map([...branded].map((name) => [name, name]));
    for (const { name, type } of claims.length === 0 ? [] : renamed) {
      const brand = brandIn(type, names);
      if (brand !== undefined) names.set(name, brand);
    }
    return claims.flatMap(({ type, line }) => {
      const brand = brandIn(type, names);
      return brand === undefined ? [] : [{ file, line, type: brand }];
    });
  });
}
