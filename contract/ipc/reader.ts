import type { CodedError } from '../errors.ts';
import type { Film, Thumbnail } from '../film.ts';
import type { ImageHeader } from '../header.ts';
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

/** Something that a person dropped or chose. The reader keeps bytes that have no path for as long as it lives. */
export type Source =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'bytes'; readonly id: string; readonly name: string; readonly bytes: Uint8Array };

/**
 * What came of one file of a scan: the reader takes a radiograph, and skips anything else with the reason. A *scan*
 * looks through everything that was dropped. Names are relative to what was dropped.
 */
export type Scanned =
  | {
      readonly kind: 'taken';
      readonly location: Location;
      readonly name: string;
      readonly header: ImageHeader;
      readonly bytes: number;
    }
  | { readonly kind: 'skipped'; readonly name: string; readonly error: CodedError };

/**
 * What can be asked of the reader. `scan` finds the radiographs in sources. `film` decodes one for the viewer,
 * `thumbnail` makes a small picture of it, and `input` reduces it to what the engine is given.
 */
export type ReaderRequest =
  | { readonly kind: 'scan'; readonly sources: readonly Source[] }
  | { readonly kind: 'film'; readonly location: Location }
  | { readonly kind: 'thumbnail'; readonly location: Location }
  | { readonly kind: 'input'; readonly location: Location };

/** What the reader replies to each kind of request. The results of a scan come as `scanned` events before its reply. */
export type ReaderReply = {
  scan: null;
  film: Film;
  thumbnail: Thumbnail;
  input: EngineInput;
};

/** A message to the reader. A cancelled request is refused with the code `cancelled`. */
export type ReaderCommand =
  | { readonly kind: 'request'; readonly id: string; readonly request: ReaderRequest }
  | { readonly kind: 'cancel'; readonly id: string };

/** A message from the reader. `id` is that of the request. */
export type ReaderEvent =
  /** A part of what a scan found. Other parts follow until the reply. */
  | { readonly kind: 'scanned'; readonly id: string; readonly scanned: readonly Scanned[] }
  | { readonly kind: 'reply'; readonly id: string; readonly value: ReaderReply[ReaderRequest['kind']] }
  | { readonly kind: 'refused'; readonly id: string; readonly error: CodedError };
