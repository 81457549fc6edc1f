import { z } from 'zod';
import type { Probe } from '../connection.ts';
import type { CodedError } from '../errors.ts';
import type { Film, Thumbnail } from '../film.ts';
import { maxDroppedBytes } from '../limits.ts';
import { type SettingsView, settingsChangeSchema } from '../settings.ts';
import type { DropReport, StudyRow } from './worklist.ts';

/** Things dropped at once; a folder is one. */
const mostSources = 10_000;

const source = z.union([
  z.object({ kind: z.literal('path'), path: z.string().min(1).max(32_768) }),
  z.object({
    kind: z.literal('bytes'),
    name: z.string().max(1_024),
    bytes: z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength <= maxDroppedBytes),
  }),
]);

/**
 * Everything the sandboxed window can ask of the main process, and everything it is told. The preload exposes
 * exactly these methods; the main process parses every request with these schemas.
 */
export const requestSchemas = {
  /** Take in what was dropped. The preload finds the paths; the page never sees them. */
  open: z.object({ sources: z.array(source).min(1).max(mostSources) }),
  /** Ask with the system's own dialog. */
  choose: z.object({ what: z.enum(['files', 'folder']) }),
  worklist: z.object({}),
  /** The film comes on a channel of its own, past main (contract/ipc/film.ts), with the ticket that the preload gave. */
  film: z.object({ imageId: z.uuid(), ticket: z.uuid() }),
  thumbnail: z.object({ imageId: z.uuid() }),
  /** Classify again, or another image. `imageId` null: as the rules say. */
  retry: z.object({ studyId: z.uuid(), imageId: z.uuid().nullable() }),
  cancel: z.object({ studyId: z.uuid() }),
  remove: z.object({ studyId: z.uuid() }),
  /** Compute the result again in plaintext, on this machine, and compare. */
  check: z.object({ studyId: z.uuid() }),
  status: z.object({}),
  settings: z.object({}),
  saveSettings: settingsChangeSchema,
  /** Ask for a file of certificates with the system's own dialog, and trust them. */
  chooseCertificates: z.object({}),
  /** Look at an evaluator before or after it is configured. `token` undefined: the one that is kept. */
  probe: z.object({
    evaluator: z.string().min(1).max(2_048),
    token: z.string().min(1).max(512).nullable().optional(),
  }),
} as const;

export type RequestName = keyof typeof requestSchemas;
export type RequestOf<N extends RequestName> = z.infer<(typeof requestSchemas)[N]>;

/** What the window shows about itself. */
export type AppStatus = {
  readonly version: string;
  readonly evaluator: { readonly url: string; readonly embedded: boolean; readonly ready: boolean };
  readonly bundle: { readonly name: string; readonly id: string } | null;
  /** Why nothing can be classified until it is mended: a broken bundle, a refused evaluator address. */
  readonly problem: CodedError | null;
  readonly key: { readonly custody: 'memory'; readonly ready: boolean };
  /** Whether the list of studies is kept when the program ends; if not, why. */
  readonly worklist: 'kept' | 'no keychain';
  /** Whether results can be computed again in plaintext here: the model's evaluator half is on this machine. */
  readonly canRecompute: boolean;
};

export type ReplyOf = {
  open: { readonly reportId: string };
  choose: { readonly reportId: string | null };
  worklist: { readonly rows: readonly StudyRow[]; readonly reports: readonly DropReport[] };
  film: null;
  thumbnail: Thumbnail;
  retry: { readonly accepted: boolean };
  cancel: { readonly cancelled: boolean };
  remove: { readonly removed: boolean };
  check: { readonly accepted: boolean };
  settings: SettingsView;
  saveSettings: SettingsView;
  chooseCertificates: SettingsView;
  probe: Probe;
  status: AppStatus;
};

export type Reply<T> = { readonly ok: true; readonly value: T } | ({ readonly ok: false } & CodedError);

/** What the application's menu asks of the page. */
export type MenuCommand = 'open-files' | 'open-folder' | 'settings' | 'theme' | 'privacy' | 'help';

/** The one event stream from main to window. */
export type WindowEvent =
  | { readonly kind: 'row'; readonly row: StudyRow }
  | { readonly kind: 'removed'; readonly id: string }
  | { readonly kind: 'report'; readonly report: DropReport }
  | { readonly kind: 'status'; readonly status: AppStatus }
  | { readonly kind: 'command'; readonly command: MenuCommand };

/** The bridge that the preload puts on `window.cipherfilm`: a method per request, and the events. */
export type Bridge = {
  readonly [N in Exclude<RequestName, 'open' | 'film'>]: (
    request: RequestOf<N>,
  ) => Promise<Reply<ReplyOf[N]>>;
} & {
  /** Files and folders as the page has them; the preload finds where they are. */
  readonly open: (files: readonly File[]) => Promise<Reply<ReplyOf['open']>>;
  /** One image, decoded. */
  readonly film: (request: { readonly imageId: string }) => Promise<Reply<Film>>;
  readonly onEvent: (listener: (event: WindowEvent) => void) => () => void;
};
