import type { CodedError } from '../errors.ts';
import type { Film, Thumbnail } from '../film.ts';
import type { ImageHeader } from '../header.ts';
import type { EngineInput } from '../stages.ts';

/**
 * Messages between main and the reader, the process that decodes files. It has no key, no network and no window: what a
 * hostile file could do to it stays there.
 */

/** Where an image's bytes are: a file, or bytes that the reader was given; inside it, entries of archives. */
export type Location = { readonly inside: readonly string[] } & (
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'memory'; readonly id: string }
);

/** Something that was dropped. The reader keeps bytes that have no path, for as long as it lives. */
export type Source =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'bytes'; readonly id: string; readonly name: string; readonly bytes: Uint8Array };

/** What came of one file. Names are relative to what was dropped. */
export type Scanned =
  | {
      readonly kind: 'taken';
      readonly location: Location;
      readonly name: string;
      readonly header: ImageHeader;
      readonly bytes: number;
    }
  | { readonly kind: 'skipped'; readonly name: string; readonly error: CodedError };

export type ReaderRequest =
  | { readonly kind: 'scan'; readonly sources: readonly Source[] }
  | { readonly kind: 'film'; readonly location: Location }
  | { readonly kind: 'thumbnail'; readonly location: Location }
  | { readonly kind: 'input'; readonly location: Location };

export type ReaderReply = {
  scan: null;
  film: Film;
  thumbnail: Thumbnail;
  input: EngineInput;
};

export type ReaderCommand =
  | { readonly kind: 'request'; readonly id: string; readonly request: ReaderRequest }
  | { readonly kind: 'cancel'; readonly id: string };

export type ReaderEvent =
  /** A part of a scan; others follow until its reply. */
  | { readonly kind: 'scanned'; readonly id: string; readonly scanned: readonly Scanned[] }
  | { readonly kind: 'reply'; readonly id: string; readonly value: ReaderReply[ReaderRequest['kind']] }
  | { readonly kind: 'refused'; readonly id: string; readonly error: CodedError };
