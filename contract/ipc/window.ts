import { z } from 'zod';
import type { Probe } from '../connection.ts';
import type { CodedError } from '../errors.ts';
import { exportRequestSchema, type StudyExport } from '../exchange/export-request.ts';
import type { Film, Thumbnail } from '../image/film.ts';
import { maxDroppedBytes } from '../limits.ts';
import type { ArchivedStudy } from '../network/archived-study.ts';
import { type SettingsView, settingsChangeSchema } from '../settings.ts';
import type { Standing } from './standing.ts';
import { type KeyReply, type KeyState, keyRequestSchema } from './vault.ts';
import type { DropReport, StudyRow } from './worklist.ts';

/** The most things that can be dropped at once. A folder counts as one. */
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
 * Everything that the sandboxed window can ask of the main process. The *preload* is the script that stands between
 * page and main process. It exposes exactly these requests as methods, and the main process parses every request with
 * these schemas.
 */
export const requestSchemas = {
  /** Takes in what was dropped. The preload finds the paths; the page never sees them. */
  open: z.object({ sources: z.array(source).min(1).max(mostSources) }),
  /** Asks the person for files or a folder with the system's own dialog. */
  choose: z.object({ what: z.enum(['files', 'folder']) }),
  worklist: z.object({}),
  /** The film comes on a channel of its own, past main (contract/ipc/film.ts), with the ticket that the preload gave. */
  film: z.object({ imageId: z.uuid(), ticket: z.uuid() }),
  thumbnail: z.object({ imageId: z.uuid() }),
  /**
   * Classifies a study again, or another image of it. With `imageId` null the rules choose the image. With `turns` the film is
   * turned as its picture shows, because a person said so.
   */
  retry: z.object({ studyId: z.uuid(), imageId: z.uuid().nullable(), turns: z.boolean().optional() }),
  cancel: z.object({ studyId: z.uuid() }),
  remove: z.object({ studyId: z.uuid() }),
  /** Puts the study back that was removed last. */
  restore: z.object({ studyId: z.uuid() }),
  /** Lets a result leave. For a folder, main asks the person for it; closing that dialog cancels. */
  export: exportRequestSchema,
  /** Asks the archives that the settings name whether they are there. Nothing about a patient is asked. */
  tryArchives: z.object({}),
  /** Asks the archive for the studies of this study's patient. Those that are in the list are left out. */
  findPriors: z.object({ studyId: z.uuid() }),
  /** Brings a study from the archive into the list. */
  fetchStudy: z.object({ study: z.string().regex(/^[\d.]{1,64}$/) }),
  /** Asks for the folder that is to be watched with the system's own dialog. */
  chooseWatchFolder: z.object({}),
  /** Computes the result again in plaintext on this machine and compares the two. */
  check: z.object({ studyId: z.uuid() }),
  status: z.object({}),
  settings: z.object({}),
  saveSettings: settingsChangeSchema,
  /** Asks for a file of certificates with the system's own dialog, and trusts them. */
  chooseCertificates: z.object({}),
  /** Asks who answers at an evaluator's address. With `token` undefined the token that is kept is used. */
  probe: z.object({
    evaluator: z.string().min(1).max(2_048),
    token: z.string().min(1).max(512).nullable().optional(),
  }),
  /** Asks something about keys. Where a file is needed, main asks the person for it; closing that dialog cancels. */
  keys: z.object({ request: keyRequestSchema }),
  /** Stops what takes long: making a key, or checking it. */
  cancelKeys: z.object({}),
  /** Takes the keys out of memory now. The engine's process ends, and one that cannot read the vault takes its place. */
  lockKeys: z.object({}),
  /** Opens the vault again as at the start of the program, where no passphrase guards it. */
  unlockKeys: z.object({}),
  /** Sets a vault aside that does not open, and begins another one. */
  setKeysAside: z.object({}),
  /** Saves the record of a key that was destroyed in this run, under a name that the person chooses. */
  saveProof: z.object({ fingerprint: z.string().regex(/^[0-9a-f]{64}$/) }),
  /** Shows the key file that was written last in the system's file manager. */
  showKeyFile: z.object({}),
} as const;

/** The name of a request, which is also its method on the bridge. */
export type RequestName = keyof typeof requestSchemas;
/** What the page sends with a request. */
export type RequestOf<N extends RequestName> = z.infer<(typeof requestSchemas)[N]>;

/**
 * Whether the keys are in the engine's memory. `away`: they left it because nobody was there, and come back by
 * themselves when somebody is. `locked`: a person locked them, or a passphrase guards them, and a person unlocks them.
 */
export type KeyLockState = 'open' | 'away' | 'locked';

/** What the window shows about the application itself. */
export type AppStatus = {
  readonly version: string;
  readonly evaluator: { readonly url: string; readonly embedded: boolean };
  /** How things stand with the evaluator. The status line says "ready" for `ready` and for nothing else. */
  readonly standing: Standing;
  readonly bundle: { readonly name: string; readonly id: string } | null;
  /** The reason why nothing can be classified until somebody mends it: a broken bundle, a refused evaluator address. */
  readonly problem: CodedError | null;
  /** What can open the vault without a passphrase: the system's keychain, a file of this account, or nothing. */
  readonly opensItself: 'keychain' | 'file' | 'nothing';
  /**
   * What opens the vault (`KeyState.opensWith`); empty where the keys are in the engine's memory only, with which they
   * end. It is null before the engine has told.
   */
  readonly opensWith: KeyState['opensWith'] | null;
  readonly lock: KeyLockState;
  /** Tells whether the list of studies is kept when the program ends, and if it is not, why. */
  readonly worklist: 'kept' | 'no keychain';
  readonly receiving: Receiving;
  /** True where an archive can be asked for earlier studies of a patient. */
  readonly asksArchive: boolean;
  /** True when results can be computed again in plaintext, because the evaluator's half of the model is here too. */
  readonly canRecompute: boolean;
};

/** Whether studies from elsewhere are taken in. `trouble` is what came to nothing last. */
export type Receiving =
  | { readonly kind: 'off' }
  | {
      readonly kind: 'on';
      /** The AE title and the port; null where only a folder is watched. */
      readonly title: string | null;
      readonly port: number | null;
      readonly watches: boolean;
      readonly trouble: CodedError | null;
    }
  | { readonly kind: 'failed'; readonly error: CodedError };

/** What the archives answered, the one of C-STORE and the one of DICOMweb. */
export type ArchiveAnswers = {
  readonly [A in 'archive' | 'web']: 'not named' | 'answers' | CodedError;
};

/** What each request is answered with. */
export type ReplyOf = {
  open: { readonly reportId: string };
  choose: { readonly reportId: string | null };
  worklist: {
    readonly rows: readonly StudyRow[];
    readonly reports: readonly DropReport[];
    /** Why the list is not kept on disk as it should be; null where all is well. */
    readonly problem: CodedError | null;
  };
  film: null;
  thumbnail: Thumbnail;
  retry: { readonly accepted: boolean };
  cancel: { readonly cancelled: boolean };
  remove: { readonly removed: boolean };
  /** False where another one was removed since, or the study came into the list again. */
  restore: { readonly restored: boolean };
  export: StudyExport;
  tryArchives: ArchiveAnswers;
  findPriors: readonly ArchivedStudy[];
  fetchStudy: null;
  chooseWatchFolder: SettingsView;
  check: { readonly accepted: boolean };
  settings: SettingsView;
  saveSettings: SettingsView;
  chooseCertificates: SettingsView;
  probe: Probe;
  /** The reply to the kind of request that was asked (`KeyReplyOf`). */
  keys: KeyReply;
  cancelKeys: null;
  /** False where keys live in memory only: locking would destroy them. */
  lockKeys: { readonly locked: boolean };
  /** False where a passphrase is needed. */
  unlockKeys: { readonly unlocked: boolean };
  /** The name of the file that was set aside, which lies in the folder of the keys. */
  setKeysAside: { readonly file: string };
  saveProof: null;
  showKeyFile: { readonly shown: boolean };
  status: AppStatus;
};

/** An answer on its way to the page: a value, or a coded error in place of an exception. */
export type Reply<T> = { readonly ok: true; readonly value: T } | ({ readonly ok: false } & CodedError);

/** What the application's menu asks of the page. */
export type MenuCommand = 'open-files' | 'open-folder' | 'keys' | 'settings' | 'theme' | 'privacy' | 'help';

/** What the main process tells the window without being asked. There is one stream of these events. */
export type WindowEvent =
  | { readonly kind: 'rows'; readonly rows: readonly StudyRow[] }
  | { readonly kind: 'removed'; readonly id: string }
  /** The list of studies cannot be kept on disk as it should be, or can again. */
  | { readonly kind: 'keeping'; readonly problem: CodedError | null }
  | { readonly kind: 'report'; readonly report: DropReport }
  | { readonly kind: 'status'; readonly status: AppStatus }
  | { readonly kind: 'keys'; readonly state: KeyState }
  /** How far the making or checking of a key is, in [0, 1]. */
  | { readonly kind: 'keys-progress'; readonly fraction: number }
  | { readonly kind: 'command'; readonly command: MenuCommand };

/** The bridge that the preload puts on `window.cipherfilm`. It has one method for each request, and the events. */
export type Bridge = {
  readonly [N in Exclude<RequestName, 'open' | 'film'>]: (
    request: RequestOf<N>,
  ) => Promise<Reply<ReplyOf[N]>>;
} & {
  /** Takes files and folders as the page has them. The preload finds where they are. */
  readonly open: (files: readonly File[]) => Promise<Reply<ReplyOf['open']>>;
  /** Gives one image, decoded. */
  readonly film: (request: { readonly imageId: string }) => Promise<Reply<Film>>;
  /** Listens to the events. The returned function stops listening. */
  readonly onEvent: (listener: (event: WindowEvent) => void) => () => void;
};
