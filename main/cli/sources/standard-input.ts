import { addAbortSignal, type Readable } from 'node:stream';
import { CxrError, toCodedError } from '../../../contract/errors.ts';
import { maxDroppedBytes } from '../../../contract/limits.ts';

/**
 * Reads everything from standard input into memory.
 *
 * @param mostBytes  the most that is taken; the stream is given up as soon as there is more.
 * @throws CxrError `dicom-too-large`, `file-unreadable`, `cancelled`.
 */
export async function readStandardInput(
  input: Readable,
  signal: AbortSignal,
  mostBytes: number = maxDroppedBytes,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(signal, input)) {
      bytes += (chunk as Uint8Array).length;
      if (bytes > mostBytes) throw new CxrError('dicom-too-large', { bytes, expected: mostBytes });
      chunks.push(chunk as Uint8Array);
    }
  } catch (error) {
    if (signal.aborted) throw new CxrError('cancelled');
    if (toCodedError(error).code === 'dicom-too-large') throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new CxrError('file-unreadable', { reason: code ?? 'unknown' });
  }
  return Buffer.concat(chunks);
}
