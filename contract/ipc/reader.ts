import type { CodedError } from '../errors.ts';
import type { FilmNames, ReportSource } from '../exchange/export.ts';
import type { Digest } from '../ids/digest.ts';
import type { Thumbnail } from '../image/film.ts';
import type { ImageHeader } from '../image/header.ts';
import type { EngineInput } from '../stages.ts';

/**
 * Messages between a host and the reader. The *reader* is the process that decodes files. It has no key, no network and
 * no window, so that what a hostile file could do to it stays there.
 */

/**
 * Says where the bytes of an image are: in a file, or among the bytes that the reader was given. `inside` names the
 * entry of an archive, and the entry of an archive in that archive, from the outside in; it is empty for a plain file.
 */
export type Location = { readonly inside: readonly string[] } & (
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'memory'; readonly id: string }
);

/** One text per location, for looking it up. */
export const placeOf = (location: Location): string =>
  JSON.stringify([location.kind, location.kind === 'file' ? location.path : location.id, ...location.inside]);

/** Something that was dropped. Bytes that have no path are kept by the host until nobody needs them. */
export type Source =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'bytes'; readonly id: string; readonly name: string; readonly bytes: Uint8Array };

/** The same on its way to the reader, which got the bytes before. */
export type SentSource =
  | Extract<Source, { kind: 'path' }>
  | { readonly kind: 'kept'; readonly id: string; readonly name: string };

/** What came of one file. Names are relative to what was dropped. */
export type Scanned =
  | {
      readonly kind: 'taken';
      readonly location: Location;
      readonly name: string;
      readonly header: ImageHeader;
      /** The digest of the pixel data as the file stores them. */
      readonly pixels: Digest;
      readonly bytes: number;
    }
  | {
      readonly kind: 'skipped';
      readonly location: Location;
      readonly name: string;
      readonly error: CodedError;
    };

/** An image that was taken: its UID, by which images are told apart, and the digest of its pixel data. */
export type TakenImage = { readonly uid: string; readonly pixels: Digest };

/** What an earlier reader, which died in the middle of a scan, had come to. Keys are those of `placeOf`. */
export type ScanPast = {
  /** Files that were told, with the image if it was taken: they are passed over. */
  readonly told: ReadonlyMap<string, TakenImage | null>;
  /** Files that are not to be opened again, with the reason to tell. */
  readonly condemned: ReadonlyMap<string, CodedError>;
};

/**
 * What can be asked of the reader. `scan` finds the radiographs in sources. `film` decodes one for the viewer,
 * `thumbnail` makes a small picture of it, and `input` reduces it to what the engine is given.
 */
export type ReaderRequest =
  | { readonly kind: 'scan'; readonly sources: readonly SentSource[]; readonly past: ScanPast }
  /** Decodes a film and posts it on the window's port as a `FilmMessage` with this ticket. */
  | { readonly kind: 'film'; readonly location: Location; readonly ticket: string }
  | { readonly kind: 'thumbnail'; readonly location: Location }
  | { readonly kind: 'input'; readonly location: Location }
  /** Reads what a report repeats of an image, and draws its film reduced. */
  | { readonly kind: 'report'; readonly location: Location }
  /** Copies an image without identity, under other names. */
  | { readonly kind: 'anonymous-film'; readonly location: Location; readonly names: FilmNames };

/** What the reader replies to each kind of request. The results of a scan come as `scanned` events before its reply. */
export type ReaderReply = {
  scan: null;
  /** The film itself went to the window. */
  film: null;
  thumbnail: Thumbnail;
  input: EngineInput;
  report: ReportSource;
  'anonymous-film': Uint8Array;
};

/** A message to the reader. A cancelled request is refused with the code `cancelled`. */
export type ReaderCommand =
  | { readonly kind: 'request'; readonly id: string; readonly request: ReaderRequest }
  | { readonly kind: 'cancel'; readonly id: string }
  /** Bytes that were dropped without a path, which later locations name. */
  | { readonly kind: 'keep'; readonly id: string; readonly bytes: Uint8Array }
  /** No later request names these bytes. */
  | { readonly kind: 'release'; readonly id: string }
  /** The port that comes with this message leads to the window; an earlier one is not used any more. */
  | { readonly kind: 'window' };

/**
 * What is done with a file: `read` fetches its bytes from a disk or an archive; then a scan looks at what it says of
 * itself (`inspect`), and everybody else wants its pixels (`decode`).
 */
export type ReaderStep = 'read' | 'inspect' | 'decode';

/** A message from the reader. `id` is that of the request. */
export type ReaderEvent =
  /**
   * The reader takes a file in hand, one at a time; told before anything is done with it, so that the host knows which
   * file it was if nothing is heard any more.
   */
  | { readonly kind: 'holds'; readonly id: string; readonly location: Location; readonly step: ReaderStep }
  /** The file in hand is done with. */
  | { readonly kind: 'idle' }
  /** A part of a scan; others follow until its reply. */
  | { readonly kind: 'scanned'; readonly id: string; readonly scanned: readonly Scanned[] }
  | { readonly kind: 'reply'; readonly id: string; readonly value: ReaderReply[ReaderRequest['kind']] }
  | { readonly kind: 'refused'; readonly id: string; readonly error: CodedError };
