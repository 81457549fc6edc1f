import { CxrError } from '../../contract/errors.ts';

/** The system's codes for a disk that is full and for a quota of the account that is used up. */
const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** Turns a refusal for lack of room into `storage-full`, which passes. Everything else comes back as it was thrown. */
export function storageFault(error: unknown): unknown {
  const code = error instanceof Error ? String((error as NodeJS.ErrnoException).code ?? '') : '';
  return full.has(code) ? new CxrError('storage-full', { reason: code }, { cause: error }) : error;
}
