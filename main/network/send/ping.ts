import type { ArchivePlace } from '../../../contract/network/archive.ts';
import { findStudies } from '../web/find-studies.ts';
import { echo } from './store-scu.ts';

/** An ID that no patient has. */
const nobody = 'cipherfilm-test-nobody';

/**
 * Asks an archive whether it is there and knows us: by C-ECHO, or by a query for nobody's studies.
 *
 * @param title  our own AE title.
 * @throws CxrError as `echo` and `findStudies`.
 */
export async function ping(place: ArchivePlace, title: string, signal?: AbortSignal): Promise<void> {
  if (place.kind === 'dimse')
    await echo(place.remote, { title, ...(signal === undefined ? {} : { signal }) });
  else await findStudies(place.archive, nobody, signal);
}
