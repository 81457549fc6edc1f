import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/**
 * Gives back what is no longer used, now. V8 by itself counts its own heap, which is small here, and lets tens of
 * megabytes of dropped weights and key bytes lie.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = (runInNewContext('globalThis.gc') as (() => void) | undefined) ?? (() => {});
  }
  collect();
}
