import { CxrError } from '../../contract/errors.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import type { Location } from '../../contract/ipc/reader.ts';
import type { AnalysisResult } from '../../contract/stages.ts';
import type { Exporter, Made } from '../export/exporter.ts';
import type { ReaderHost } from '../host/reader-host.ts';

/** A result and where its image is. `pixels` is the digest that the image had when it was found. */
export type Classified = {
  readonly location: Location;
  readonly pixels: Digest | null;
  readonly result: AnalysisResult;
  /** When the result was there. */
  readonly at: Date;
};

/**
 * Makes the files of a result, for which the reader process reads its image again.
 *
 * @throws CxrError `export-image-changed` for a file that was exchanged since; as `ReaderHost.request` and `Exporter.make`.
 */
export async function madeFrom(
  { location, pixels, result, at }: Classified,
  exporter: Pick<Exporter, 'make'>,
  reader: Pick<ReaderHost, 'request'>,
  signal?: AbortSignal,
): Promise<Made> {
  const source = await reader.request({ kind: 'report', location }, signal);
  if (pixels !== null && source.pixels !== pixels) throw new CxrError('export-image-changed');
  return exporter.make({
    ...{ result, source, at },
    copyFilm: (names) => reader.request({ kind: 'anonymous-film', location, names }, signal),
  });
}
