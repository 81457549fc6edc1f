import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/** Beside the packages, where only who may change the code may write. */
export const compiledFolder = join(import.meta.dirname, '..', 'node_modules', '.cache', 'cipherfilm');

/**
 * Keeps what Node makes of the TypeScript sources, so that later starts are faster and do not load the compiler, which
 * stays in memory for good (30 MB). Call it before importing anything else. The bundled application has no need of it.
 */
export function keepCompiled(): void {
  if (import.meta.url.endsWith('.ts')) enableCompileCache(compiledFolder);
}
