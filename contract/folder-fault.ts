import { CxrError } from './errors.ts';

/** What says where a folder is: a flag of the evaluator or of the command line, or the system's variable for temporary files. */
export type FolderSetting = '--data' | '--export' | 'TMPDIR';

/** What would have been accepted, by the system's code. */
const wanted: Readonly<Record<string, string>> = {
  EACCES: 'a folder that this user may write to',
  EPERM: 'a folder that this user may write to',
  EROFS: 'a folder on a file system that can be written to',
  ENOTDIR: 'a folder, not a file',
  ENOSPC: 'a folder on a disk with free space',
  EDQUOT: 'a folder within the quota of this user',
};
const otherwise = 'a folder that is there or can be made';

/**
 * Turns a refusal of the file system into a coded error that names the folder, the system's code and what to give
 * instead. Everything else comes back as it was thrown: it is coded already, or a defect.
 *
 * @param folder  the folder that was configured. It is a path of whoever runs the program, not of a patient's file.
 */
export function folderFault(cause: unknown, setting: FolderSetting, folder: string): unknown {
  if (!(cause instanceof Error) || cause instanceof CxrError || !('syscall' in cause)) return cause;
  const code = String((cause as { code?: unknown }).code ?? 'unknown');
  // A file stands where the folder is to be made.
  const reason = code === 'EEXIST' ? 'ENOTDIR' : code;
  const expected = wanted[reason] ?? otherwise;
  return new CxrError('folder-unusable', { setting, folder, reason, expected }, { cause });
}
