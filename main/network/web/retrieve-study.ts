import { CxrError } from '../../../contract/errors.ts';
import { maxDroppedBytes } from '../../../contract/limits.ts';
import type { WebArchive } from '../../../contract/network/archive.ts';
import { readFileMeta } from '../../../dicom/dataset/file-meta.ts';
import { joined } from '../../../dicom/dataset/joined.ts';
import { namesWithin, readNames } from '../../../dicom/network/file-head.ts';
import { boundaryIn, MultipartReader } from '../../../dicom/network/multipart.ts';
import { isUid } from '../../../dicom/network/pdu.ts';
import type { Incoming, Spool, Stored } from '../receive/spool.ts';
import { ask, type WebAnswer } from './archive.ts';

const metaWithin = 16 * 1024;

/** Where the instances of a study go. */
export type Retrieval = {
  readonly spool: Spool;
  /** Hears of each instance as soon as it is in the spool. */
  readonly onStored: (stored: Stored) => void;
  readonly mostObjectBytes?: number;
  readonly signal?: AbortSignal;
};

/**
 * Retrieves the instances of a study by WADO-RS (PS3.18 10.4) into the spool, in the transfer syntaxes in which the archive
 * has them. What has arrived stays when the rest does not come.
 *
 * @returns the number of instances.
 * @throws  CxrError as `ask`, 'network-malformed' for what is no file of that study, 'network-too-large', 'spool-full',
 *          'request-invalid' for what is no UID, and those of reading a header.
 */
export async function retrieveStudy(
  archive: WebArchive,
  study: string,
  retrieval: Retrieval,
): Promise<number> {
  if (!isUid(study)) throw new CxrError('request-invalid', { field: 'study' });
  const headers = { accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' };
  const request = { method: 'GET', path: `/studies/${study}`, headers, signal: retrieval.signal } as const;
  return ask(archive, request, [200], async (answer) => {
    await using parts = new Parts(study, retrieval);
    // Awaited here: what has not come as a whole is given up when this function ends.
    return await parts.take(answer);
  });
}

class Parts implements AsyncDisposable {
  readonly #study: string;
  readonly #retrieval: Retrieval;
  #incoming: Incoming | null = null;
  #bytes = 0;
  #head: Uint8Array[] = [];
  #headBytes = 0;

  constructor(study: string, retrieval: Retrieval) {
    this.#study = study;
    this.#retrieval = retrieval;
  }

  /** Gives up the part that has not come as a whole. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#incoming?.discard();
  }

  async take({ contentType, body }: WebAnswer): Promise<number> {
    const reader = new MultipartReader(boundaryIn(contentType));
    let count = 0;
    for await (const chunk of body)
      for (const event of reader.push(chunk)) {
        if (event.kind === 'part') await this.#begin(event.type);
        else if (event.kind === 'data') await this.#append(event.bytes);
        else {
          await this.#keep();
          count += 1;
        }
      }
    reader.finish();
    return count;
  }

  async #begin(type: string): Promise<void> {
    if (!/^application\/dicom\s*(;|$)/.test(type))
      throw new CxrError('network-malformed', { part: 'multipart', reason: 'a part that is no DICOM file' });
    this.#incoming = await this.#retrieval.spool.begin();
    [this.#bytes, this.#head, this.#headBytes] = [0, [], 0];
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const { mostObjectBytes = maxDroppedBytes } = this.#retrieval;
    this.#bytes += bytes.length;
    if (this.#bytes > mostObjectBytes)
      throw new CxrError('network-too-large', { part: 'object', expected: mostObjectBytes });
    const room = metaWithin + namesWithin - this.#headBytes;
    if (room > 0) {
      this.#head.push(bytes.slice(0, room));
      this.#headBytes += this.#head.at(-1)!.length;
    }
    await this.#incoming!.write(bytes);
  }

  async #keep(): Promise<void> {
    const head = joined(this.#head);
    const { syntax, offset } = readFileMeta(head);
    const { sopInstance, study } = readNames(head.subarray(offset), syntax.uid);
    if (sopInstance === null || study !== this.#study)
      throw new CxrError('network-malformed', { part: 'object', reason: 'of another study' });
    const incoming = this.#incoming!;
    this.#incoming = null;
    this.#retrieval.onStored(await incoming.commit({ study, sopInstance }));
  }
}
