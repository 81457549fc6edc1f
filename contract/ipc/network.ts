import type { CodedError } from '../errors.ts';
import type { ArchivePlace, OwnCertificate, WebArchive } from '../network/archive.ts';
import type { ArchivedStudy } from '../network/archived-study.ts';

/** How studies are received by C-STORE. */
export type ReceiveOptions = {
  readonly title: string;
  readonly callers: readonly string[];
  /** 0 for any port that is free, in tests. */
  readonly port: number;
  /** Null for all interfaces. */
  readonly address: string | null;
  /** With `authorities`, as a PEM text, who sends must show a certificate of theirs. */
  readonly tls: (OwnCertificate & { readonly authorities: string | null }) | null;
  /** The folder in which objects lie until they are done. */
  readonly spool: string;
  readonly mostBytes: number;
  readonly mostAssociations: number;
  readonly objectsPerMinute: number;
};

/** The folder that is watched, and the file in which is kept what was handed on. */
export type WatchedFolder = { readonly folder: string; readonly record: string };

/** What the network process is to do; null for nothing of the kind. */
export type NetworkWork = {
  readonly receive: ReceiveOptions | null;
  readonly watch: WatchedFolder | null;
};

/** What the main process tells the network process. The first is `start`, and there is one. */
export type NetworkCommand =
  | { readonly kind: 'start'; readonly work: NetworkWork }
  /** A file that arrived is done: one of the spool is removed, one of the watched folder is not handed on again. */
  | { readonly kind: 'done'; readonly path: string }
  /** Send files, each once, and answer with `delivered`. */
  | { readonly kind: 'deliver'; readonly requestId: string; readonly delivery: Delivery }
  /** Ask an archive whether it is there, and answer with `tried`. Nothing about a patient is asked. */
  | {
      readonly kind: 'try';
      readonly requestId: string;
      readonly place: ArchivePlace;
      readonly title: string;
    }
  /** Ask an archive for the studies of the patient with this ID, and answer with `found` or `refused`. */
  | {
      readonly kind: 'find';
      readonly requestId: string;
      readonly archive: WebArchive;
      readonly patientId: string;
    }
  /** Bring a study from an archive, and answer with `fetched` or `refused`. */
  | { readonly kind: 'fetch'; readonly requestId: string; readonly fetch: Fetch };

/** A study that is to be brought, and the folder into which it goes. That folder never holds more than `mostBytes`. */
export type Fetch = {
  readonly archive: WebArchive;
  readonly study: string;
  readonly folder: string;
  readonly mostBytes: number;
};

/** Files that are to be sent, and where is noted what was sent. `title` is our own AE title. */
export type Delivery = {
  readonly paths: readonly string[];
  readonly place: ArchivePlace;
  readonly title: string;
  readonly record: string;
};

/** A file that arrived. `study` is its Study Instance UID where that is known already. */
export type Arrival = {
  readonly path: string;
  readonly by: 'network' | 'folder';
  readonly study: string | null;
};

/** What the network process tells the main process. */
export type NetworkEvent =
  /** It works. `port` is the one on which it listens; null where it does not. */
  | { readonly kind: 'started'; readonly port: number | null }
  /** It cannot work, and ends. */
  | { readonly kind: 'failed'; readonly error: CodedError }
  | { readonly kind: 'arrived'; readonly arrival: Arrival }
  /** What became of each file, in their order: null for one that is there. */
  | {
      readonly kind: 'delivered';
      readonly requestId: string;
      readonly errors: readonly (CodedError | null)[];
    }
  | { readonly kind: 'found'; readonly requestId: string; readonly studies: readonly ArchivedStudy[] }
  /** The files of the study that was brought. */
  | { readonly kind: 'fetched'; readonly requestId: string; readonly paths: readonly string[] }
  | { readonly kind: 'refused'; readonly requestId: string; readonly error: CodedError }
  /** The archive answers. */
  | { readonly kind: 'tried'; readonly requestId: string }
  /** Something came to nothing; `title` is the AE title of who sent it, where that may send. */
  | { readonly kind: 'trouble'; readonly error: CodedError; readonly title: string | null };

/** What the network process answers to a request. */
export type NetworkAnswer = Extract<NetworkEvent, { readonly requestId: string }>;
