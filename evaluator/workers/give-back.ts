import { collectGarbage } from '../../he/server/collect-garbage.ts';
import { trimHeap } from '../../kernel/native.ts';

/**
 * Gives memory that is no longer used back to the system. Compiling a network and reading keys leave many tens of
 * megabytes behind, which neither V8 nor the C library would return by itself.
 */
export function giveBack(): void {
  collectGarbage();
  trimHeap();
}
