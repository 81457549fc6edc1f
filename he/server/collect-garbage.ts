import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/**
 * Gives memory back that is no longer used, at once. V8 by itself counts its own heap, which is small here, and would
 * leave tens of megabytes of dropped weights and key bytes lying.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = (runInNewContext('globalThis.gc') as (() => void) | undefined) ?? (() => {});
  }
  collect();
}
