import { CxrError } from '../../contract/errors.ts';
import { withFileLock as withLock } from '../files/file-lock.ts';

/**
 * Does `work` on the vault while no other process does.
 *
 * @throws CxrError `key-vault-busy` after 15 seconds, `key-unsaved` where no file can be made, and what `work` throws.
 */
export const withFileLock = (path: string, work: () => void): void =>
  withLock(
    path,
    {
      busy: () => new CxrError('key-vault-busy'),
      unwritable: (reason) => new CxrError('key-unsaved', { reason }),
    },
    work,
  );
