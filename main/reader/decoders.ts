import type { Film } from '../../contract/image/film.ts';
import type { ImageHeader } from '../../contract/image/header.ts';
import type { EngineInput } from '../../contract/stages.ts';
import { toInput } from '../../dicom/encoder-input.ts';
import { toFilm } from '../../dicom/film.ts';
import { checkRadiograph, readHeader } from '../../dicom/header.ts';
import { readDicom } from '../../dicom/read.ts';

/** All that the reader does with bytes of a file. Each throws `CxrError` with a `dicom-…` code, whatever the bytes are. */
export type Decoders = {
  /** Whether this is a radiograph, by its header alone. */
  readonly inspect: (bytes: Uint8Array) => ImageHeader;
  readonly film: (bytes: Uint8Array) => Promise<Film>;
  readonly input: (bytes: Uint8Array) => Promise<EngineInput>;
};

export const decoders: Decoders = {
  inspect: (bytes) => {
    const header = readHeader(bytes);
    checkRadiograph(header);
    readDicom(bytes);
    return header;
  },
  film: toFilm,
  input: toInput,
};
