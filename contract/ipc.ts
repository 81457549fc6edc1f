import { z } from 'zod';
import type { CodedError } from './errors.ts';
import type { StudyEvent } from './study-event.ts';

/**
 * Everything the sandboxed window can ask of the main process, and everything it is told. The preload exposes
 * exactly these methods; the main process parses every request with these schemas.
 */
export const requestSchemas = {
  /** Classify one dropped file, given as its bytes (the window never learns or sends a path). */
  classify: z.object({
    studyId: z.uuid(),
    bytes: z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength <= maxDroppedBytes),
  }),
  cancel: z.object({ studyId: z.uuid() }),
  status: z.object({}),
} as const;

/** Largest file the window accepts, bytes (a 4 k × 4 k 16-bit CR is 34 MB). */
export const maxDroppedBytes = 256 * 1024 * 1024;

export type RequestName = keyof typeof requestSchemas;
export type RequestOf<N extends RequestName> = z.infer<(typeof requestSchemas)[N]>;

/** What the window shows about itself before anything is dropped. */
export type AppStatus = {
  readonly version: string;
  readonly evaluator: { readonly url: string; readonly embedded: boolean; readonly ready: boolean };
  readonly bundle: { readonly name: string; readonly id: string } | null;
  /** Why nothing can be classified until it is mended: a broken bundle, a refused evaluator address. */
  readonly problem: CodedError | null;
  readonly key: { readonly custody: 'memory'; readonly ready: boolean };
};

export type ReplyOf = {
  classify: { readonly accepted: true };
  cancel: { readonly cancelled: boolean };
  status: AppStatus;
};

export type Reply<T> = { readonly ok: true; readonly value: T } | ({ readonly ok: false } & CodedError);

/** The one event stream from main to window. */
export type WindowEvent = StudyEvent | { readonly kind: 'status'; readonly status: AppStatus };

/** The bridge that the preload puts on `window.cipherfilm`. */
export type Bridge = {
  readonly classify: (request: RequestOf<'classify'>) => Promise<Reply<ReplyOf['classify']>>;
  readonly cancel: (request: RequestOf<'cancel'>) => Promise<Reply<ReplyOf['cancel']>>;
  readonly status: () => Promise<Reply<AppStatus>>;
  readonly onEvent: (listener: (event: WindowEvent) => void) => () => void;
};
