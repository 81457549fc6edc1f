import { parse } from 'svelte/compiler';
import ts from 'typescript';

/** A module that a file names at a position; `null` where only running the program tells which. */
export type Specifier = { readonly name: string | null; readonly at: number };

export type Script = {
  readonly source: ts.SourceFile;
  /** Modules that the markup of a Svelte file imports dynamically. */
  readonly markup: readonly Specifier[];
};

/** Remembers what is computed of a source file: trees that differ in one file share all others. */
export function perSource<Value>(
  compute: (source: ts.SourceFile) => Value,
): (source: ts.SourceFile) => Value {
  const values = new WeakMap<ts.SourceFile, Value>();
  return (source) => {
    const value = values.get(source) ?? compute(source);
    values.set(source, value);
    return value;
  };
}

const known = new Map<string, { readonly text: string; readonly script: Script }>();

/** The TypeScript of one file, at its lines. Of a Svelte file these are the script blocks, with the rest left blank. */
export function scriptOf(path: string, text: string): Script {
  const before = known.get(path);
  if (before?.text === text) return before.script;
  const { code, markup } = path.endsWith('.svelte') ? codeOfSvelte(path, text) : { code: text, markup: [] };
  const source = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const script = { source, markup };
  known.set(path, { text, script });
  return script;
}

function codeOfSvelte(filename: string, text: string): { code: string; markup: Specifier[] } {
  const { instance, module, fragment } = parse(text, { filename, modern: true });
  const code = text.replace(/[^\n]/g, ' ').split('');
  for (const block of [module, instance]) {
    if (block == null) continue;
    const { start, end } = block.content as unknown as { start: number; end: number };
    for (let at = start; at < end; at += 1) code[at] = text[at]!;
  }
  return { code: code.join(''), markup: importsInMarkup(fragment) };
}

function importsInMarkup(node: unknown): Specifier[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(importsInMarkup);
  const { type, source, start } = node as { type?: string; source?: { value?: unknown }; start?: number };
  if (type === 'ImportExpression')
    return [{ name: typeof source?.value === 'string' ? source.value : null, at: start ?? 0 }];
  return Object.values(node).flatMap(importsInMarkup);
}
