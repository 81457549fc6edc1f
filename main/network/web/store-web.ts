import { randomBytes } from 'node:crypto';
import { CxrError } from '../../../contract/errors.ts';
import type { WebArchive } from '../../../contract/network/archive.ts';
import { dicomJsonSchema } from '../../../contract/network/dicom-json.ts';
import { multipartAround } from '../../../dicom/network/multipart.ts';
import { type ObjectFile, piecesOf } from '../send/object-file.ts';
import { ask, readJson, type WebAnswer } from './archive.ts';

const mostAnswerBytes = 1024 * 1024;

/**
 * Sends a DICOM file by STOW-RS (PS3.18 10.5), as it is. The file goes from the disk to the network piece by piece.
 *
 * @throws CxrError as `ask`, and 'network-status' when the archive says that it did not keep the object.
 */
export async function storeOnWeb(
  archive: WebArchive,
  object: ObjectFile,
  signal?: AbortSignal,
): Promise<void> {
  const boundary = randomBytes(24).toString('hex');
  const { head, tail } = multipartAround(boundary, 'application/dicom');
  const request = {
    method: 'POST',
    path: '/studies',
    headers: {
      accept: 'application/dicom+json',
      'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
    },
    body: bodyOf(object.path, head, tail),
    length: head.length + object.bytes + tail.length,
    signal,
  } as const;
  // 202: kept with a warning, or not all of it; 409: none of it.
  await ask(archive, request, [200, 202, 409], checkKept);
}

async function* bodyOf(path: string, head: Uint8Array, tail: Uint8Array): AsyncGenerator<Uint8Array> {
  yield head;
  yield* piecesOf(path);
  yield tail;
}

const failedSequence = '00081198';
const failureReason = '00081197';

async function checkKept(answer: WebAnswer): Promise<void> {
  const { status } = answer;
  if (status === 200) return;
  const parsed = dicomJsonSchema.safeParse(await readJson(answer, mostAnswerBytes));
  if (!parsed.success) throw new CxrError('network-status', { protocol: 'HTTP', status });
  const [failed] = parsed.data[failedSequence]?.Value ?? [];
  if (failed === undefined && status === 202) return;
  const item = dicomJsonSchema.safeParse(failed);
  const reason = item.success ? Number(item.data[failureReason]?.Value?.[0]) : Number.NaN;
  throw Number.isInteger(reason)
    ? new CxrError('network-status', { protocol: 'DIMSE', status: reason })
    : new CxrError('network-status', { protocol: 'HTTP', status });
}
