import { dirname, join } from 'node:path/posix';
import ts from 'typescript';
import type { Tree } from './tree.ts';

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  noDtsResolution: true,
};

/** A package by its name, a file of ours by its path, or a path where nothing is. */
type Found = { readonly to: string; readonly kind: 'import' | 'package' | 'missing' };

/**
 * Finds what a specifier means by the rules of the TypeScript compiler. It looks at the files of the tree only, as if
 * the tree's root were `/`: what is not there is a package, or missing.
 */
export function resolver(tree: Tree): (specifier: string, from: string) => Found {
  const folders = new Set([...tree.keys()].map((path) => `/${dirname(path)}`));
  const host: ts.ModuleResolutionHost = {
    fileExists: (path) => tree.has(path.slice(1)),
    readFile: (path) => tree.get(path.slice(1)),
    directoryExists: (path) => folders.has(path),
    getCurrentDirectory: () => '/',
    useCaseSensitiveFileNames: true,
  };
  const cache = ts.createModuleResolutionCache('/', (name) => name, options);
  return (specifier, from) => {
    const name = specifier.replace(/\?.*$/, '');
    // Names that packages or compilers define as other paths would hide an edge; none is in use.
    if (/^(#|file:|data:|cipherfilm(\/|$))/.test(name)) return { to: name, kind: 'missing' };
    if (!/^[./]/.test(name)) return { to: name, kind: 'package' };
    const found = ts.resolveModuleName(name, `/${from}`, options, host, cache).resolvedModule;
    // The compiler leaves a Svelte file to Svelte, and a style sheet or JSON file is no source.
    const path = found?.resolvedFileName.slice(1) ?? join(dirname(from), name);
    if (tree.has(path)) return { to: path, kind: 'import' };
    return { to: path, kind: /\.(css|json|wasm)$/.test(path) ? 'package' : 'missing' };
  };
}
