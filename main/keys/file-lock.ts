import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { CxrError } from '../../contract/errors.ts';

/** A lock that old was left by a process that ended: what it guards takes milliseconds. */
const staleMs = 10_000;
const patienceMs = 15_000;
const pauseMs = 20;

/** Does `work` while no other process does. @throws CxrError `key-vault-busy`, what `work` throws. */
export function withFileLock(path: string, work: () => void): void {
  const started = Date.now();
  while (!taken(path)) {
    if (Date.now() - started > patienceMs) throw new CxrError('key-vault-busy');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
  try {
    work();
  } finally {
    rmSync(path, { force: true });
  }
}

function taken(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new CxrError('key-unsaved', { reason: (error as NodeJS.ErrnoException).code ?? 'lock' });
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
    if (Date.now() - mtimeMs > staleMs) rmSync(path, { force: true });
    return false;
  }
}
