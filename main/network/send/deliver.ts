import { createHash } from 'node:crypto';
import { toCodedError } from '../../../contract/errors.ts';
import type { ArchivePlace, WebArchive } from '../../../contract/network/archive.ts';
import type { HandedOn } from '../handed-on.ts';
import { storeOnWeb } from '../web/store-web.ts';
import type { Caller } from './association.ts';
import { lookAtObject, type ObjectFile } from './object-file.ts';
import { type Delivery, storeFiles } from './store-scu.ts';

const nameOf = (destination: ArchivePlace): string =>
  destination.kind === 'web'
    ? destination.archive.url
    : `${destination.remote.title}@${destination.remote.host}:${destination.remote.port}`;

/**
 * Sends DICOM files, each once. What an archive has said that it keeps is noted on disk and not sent there again, also after
 * a restart; what failed can be given again, and keeps its SOP Instance UID, because that stands in the file.
 *
 * @param record  where is noted what was sent. It holds digests, no names.
 * @returns       what became of each file, in their order: null for one that is there, now or already.
 * @throws        CxrError 'folder-unusable' when the record cannot be written.
 */
export async function deliver(
  paths: readonly string[],
  destination: ArchivePlace,
  caller: Caller,
  record: HandedOn,
): Promise<readonly Delivery[]> {
  const place = nameOf(destination);
  const digestOf = ({ sopInstance }: ObjectFile) =>
    createHash('sha256').update(`${place}\0${sopInstance}`).digest('hex').slice(0, 32);
  const outcomes = new Map<string, Delivery['error']>();
  const left: ObjectFile[] = [];
  for (const path of paths) {
    try {
      const object = await lookAtObject(path);
      if (record.has(digestOf(object))) outcomes.set(path, null);
      else left.push(object);
    } catch (error) {
      outcomes.set(path, toCodedError(error));
    }
  }
  const note = (object: ObjectFile) => record.add(digestOf(object));
  const sent =
    destination.kind === 'web'
      ? await storeAll(left, destination.archive, caller.signal, note)
      : await storeFiles(
          left.map(({ path }) => path),
          destination.remote,
          caller,
          note,
        );
  for (const { path, error } of sent) outcomes.set(path, error);
  return paths.map((path) => ({ path, error: outcomes.get(path) ?? null }));
}

async function storeAll(
  objects: readonly ObjectFile[],
  archive: WebArchive,
  signal: AbortSignal | undefined,
  note: (object: ObjectFile) => void,
): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = [];
  for (const object of objects) {
    try {
      await storeOnWeb(archive, object, signal);
      note(object);
      deliveries.push({ path: object.path, error: null });
    } catch (error) {
      deliveries.push({ path: object.path, error: toCodedError(error) });
    }
  }
  return deliveries;
}
