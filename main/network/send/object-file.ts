import { type FileHandle, open } from 'node:fs/promises';
import { CxrError } from '../../../contract/errors.ts';
import { readFileMeta } from '../../../dicom/dataset/file-meta.ts';
import { namesWithin, readNames } from '../../../dicom/network/file-head.ts';

/** A DICOM file that is to be sent. */
export type ObjectFile = {
  readonly path: string;
  readonly bytes: number;
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly study: string | null;
  readonly transferSyntax: string;
  /** The byte at which its data set begins. */
  readonly dataOffset: number;
};

/** File meta information of a whole kilobyte is rare; so much of it is looked at, bytes. */
const metaWithin = 16 * 1024;
/** An even number, as pieces of a data set have. */
const pieceBytes = 64 * 1024;

/**
 * Looks at a file that is to be sent. Its names are those of the data set, so that what is sent again is the same object.
 *
 * @throws CxrError 'file-unreadable', those of reading a file, and 'dicom-malformed' for an object without names.
 */
export async function lookAtObject(path: string): Promise<ObjectFile> {
  await using file = await opened(path);
  const { size } = await file.stat();
  const head = Buffer.alloc(Math.min(size, metaWithin + namesWithin));
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const read = head.subarray(0, bytesRead);
  const { syntax, offset } = readFileMeta(read);
  const { sopClass, sopInstance, study } = readNames(read.subarray(offset), syntax.uid);
  if (sopClass === null || sopInstance === null)
    throw new CxrError('dicom-malformed', { reason: 'no SOP class or instance', at: offset });
  const names = { sopClass, sopInstance, study, transferSyntax: syntax.uid };
  return { path, bytes: size, ...names, dataOffset: offset };
}

/** Reads a file from a byte on, piece by piece. @throws CxrError 'file-unreadable'. */
export async function* piecesOf(path: string, from = 0): AsyncGenerator<Uint8Array> {
  await using file = await opened(path);
  for (let at = from; ; ) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(pieceBytes), 0, pieceBytes, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

const opened = (path: string): Promise<FileHandle> =>
  open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new CxrError('file-unreadable', { reason: cause.code ?? 'unknown' }, { cause });
  });
