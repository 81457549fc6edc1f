import type { OrientationName } from './image/orientation.ts';
import type { UnreachableReason } from './unreachable.ts';

/**
 * What each error code says beside itself. A value is a number, a shape, a tag, an id, or a word of ours. It is never
 * text from a file about a person and never a value that could be secret, because details are logged and shown.
 *
 * `got` is what was found and `expected` what would have been accepted; `reason` is a word of ours that tells cases of
 * one code apart.
 */
export type ErrorDetails = {
  'dicom-not-dicom': { readonly reason?: string; readonly part?: string };
  /** `at` is the byte of the file, or of what it inflates to, from which on it could not be read. */
  'dicom-malformed': { readonly reason: string; readonly at: number };
  /** `part` is what was being read when the bytes ended. */
  'dicom-truncated': {
    readonly part?: string;
    readonly reason?: string;
    readonly got?: number;
    readonly expected?: number;
  };
  'dicom-no-pixels': { readonly reason?: string };
  /** `got` is the transfer syntax's UID. */
  'dicom-transfer-syntax': { readonly got: string; readonly name: string };
  'dicom-unsupported': { readonly reason: string; readonly got?: number | string | null };
  'dicom-too-large': {
    readonly reason?: string;
    readonly bytes?: number;
    readonly rows?: number;
    readonly columns?: number;
    readonly maxPixels?: number;
    readonly got?: number;
    readonly expected?: number;
  };
  'dicom-pixels': {
    readonly reason: string;
    readonly got?: number | readonly number[];
    readonly expected?: number | readonly number[];
    readonly bitsAllocated?: number;
    readonly bitsStored?: number | null;
    readonly highBit?: number;
  };
  'dicom-not-radiograph': { readonly modality: string };
  'dicom-duplicate': Nothing;
  'dicom-uid-taken': Nothing;
  /** `tag` is the element's, `ggggeeee`; `reason` says in a word of ours what its value breaks. */
  'dicom-unwritable': { readonly tag: string; readonly reason: string };
  /** `reason` is the system's code (`ENOENT`) or a word of ours. */
  'file-unreadable': { readonly reason: string };
  /** A pattern that no file fits, or a folder, archive or DICOMDIR without files. */
  'nothing-found': { readonly reason: 'no match' | 'empty' };
  /** The reader took longer than its time for one file, or more memory than its share; `times` in a row. */
  'file-too-slow': { readonly times?: number };
  'file-too-costly': { readonly times?: number };
  'archive-unreadable': Nothing;
  'archive-encrypted': Nothing;
  'archive-too-large': {
    readonly entries?: number;
    readonly files?: number;
    readonly folders?: number;
    readonly bytes?: number;
    readonly expected?: number;
  };
  /** `times` that the file ended the reader; `started` is false where no reader came up at all. */
  'reader-crashed': { readonly times?: number; readonly started?: boolean };
  'image-unreadable': { readonly reason?: string; readonly depth?: number; readonly file?: string };
  'input-view': { readonly modality?: string; readonly viewPosition?: string; readonly bodyPart?: string };
  'input-raw': Nothing;
  'input-infant': Nothing;
  /** Rows and columns of the image without its margins; `expected` is the least of either, or the most of their quotient. */
  'input-size': {
    readonly reason: 'small' | 'narrow';
    readonly rows: number;
    readonly columns: number;
    readonly expected: number;
  };
  /** Shares: of the range from black to white that is used, or of the pixels that are white, or black. */
  'input-exposure': {
    readonly reason: 'flat' | 'white' | 'black';
    readonly got: number;
    readonly expected: number;
  };
  /** How the film lies, and how sure that is, in [0, 1]. `isCertain` from the film check's own limit on. */
  'input-turned': {
    readonly reason: OrientationName;
    readonly got: number;
    readonly isCertain: boolean;
  };
  /** `got` is the film check's probability of a part of a chest. */
  'input-part': { readonly got: number };
  'input-unlike-chest': {
    readonly reason: 'nothing like it in training' | 'inverted' | 'no chest';
    readonly distance: number;
    readonly distanceLimit: number;
    readonly size: number;
    readonly sizeLimit: number;
    readonly psnr: number;
    readonly psnrLimit: number;
  };
  'latent-shape': {
    readonly file?: string;
    readonly reason?: string;
    readonly got?: number;
    readonly expected?: readonly number[];
  };
  'latent-range': { readonly index: number; readonly bound: number };
  'params-insecure': {
    readonly got: number;
    readonly expected: number;
    readonly polyModulusDegree: number;
  };
  'params-invalid': {
    readonly field: string;
    readonly index?: number;
    readonly level?: number;
    readonly got?: number;
    readonly expected?: number | string | readonly number[];
  };
  'graph-invalid': GraphDetail & { readonly tensor?: string; readonly path?: string };
  'graph-unsupported': GraphDetail;
  /** `layer` is the instruction's, `node` the graph's. */
  'graph-too-deep': GraphDetail & { readonly layer?: string };
  'graph-imprecise': GraphDetail;
  'bundle-missing': { readonly file?: string; readonly got?: number; readonly expected?: string };
  'bundle-invalid': {
    readonly file?: string;
    readonly path?: string;
    readonly reason?: string;
    readonly got?: number;
    readonly expected?: number;
  };
  'bundle-digest': { readonly file?: string; readonly got?: string; readonly expected?: string };
  'bundle-unknown': { readonly bundle?: string };
  'frame-malformed': {
    readonly field: string;
    readonly index?: number;
    readonly offset?: number;
    readonly got?: number;
    readonly expected?: number;
  };
  'frame-truncated': { readonly got?: number; readonly expected?: number };
  'frame-too-large': { readonly got?: number; readonly expected?: number };
  'frame-digest': { readonly kind?: string; readonly field?: string };
  'frame-foreign': { readonly field?: string; readonly got?: string; readonly expected?: string };
  /** `job` is the one that accepted the frame first. */
  'frame-replayed': { readonly job: string };
  'ciphertext-invalid': ParsedDetail;
  'evaluation-key-missing': {
    readonly key?: string;
    readonly step?: number;
    readonly got?: number;
    readonly expected?: number;
  };
  'evaluation-key-invalid': ParsedDetail & { readonly step?: number; readonly key?: string };
  'result-foreign': { readonly field?: string; readonly reason?: string; readonly got?: number };
  'result-invalid': ParsedDetail & { readonly reason?: string; readonly bound?: number };
  'result-range': { readonly index: number; readonly bound: number };
  'job-unknown': { readonly job?: string };
  'job-cancelled': { readonly job?: string };
  'job-failed': { readonly job?: string; readonly reason?: string };
  'job-not-ready': { readonly job?: string; readonly state?: string };
  'queue-full': { readonly got?: number; readonly expected?: number };
  'quota-exceeded': { readonly field?: string; readonly expected?: number };
  /** `reason` is the system's code (`ENOSPC`). */
  'storage-full': { readonly reason?: string };
  'request-invalid': {
    readonly field?: string;
    readonly flag?: string;
    readonly path?: string;
    readonly line?: number;
    readonly column?: string;
    readonly reason?: string;
    readonly got?: string | number;
    readonly expected?: string | number;
  };
  'evaluator-unreachable': {
    readonly reason: UnreachableReason;
    /** Exit status of an evaluator process that ended instead of listening, or the HTTP status of a gateway. */
    readonly status?: number | null;
    readonly embedded?: boolean;
    /** True when the way led through a proxy, so that the reason may be the proxy's. */
    readonly proxied?: boolean;
    /** True for a file for which the evaluator was not asked, because it had not been reached for an earlier one. */
    readonly untried?: boolean;
  };
  'evaluator-protocol': { readonly field: string; readonly status?: number };
  'evaluator-url': { readonly reason: string };
  'evaluator-certificate': { readonly reason: string };
  'evaluator-proxy': { readonly reason?: string; readonly status?: number };
  'evaluator-unauthorised': { readonly reason?: string };
  'evaluator-body-limit': { readonly status?: number };
  /** `reason` is the system's code (`ENOSPC`). */
  'export-unwritable': { readonly reason: string };
  'export-image-changed': Nothing;
  /** Whether the file says that its pixels name the patient, or does not say that they do not. */
  'deidentify-burned-in': { readonly reason: 'stated' | 'not excluded' };
  /** `reason` is the system's code, or `busy` where another process kept the log. */
  'audit-unwritable': { readonly reason: string };
  /** `part` is what could not be understood: a PDU, a command, a part of an HTTP body, an answer. */
  'network-malformed': { readonly part: string; readonly reason?: string; readonly got?: number };
  'network-too-large': { readonly part: string; readonly got?: number; readonly expected?: number };
  /** `waiting` is what was waited for. */
  'network-timeout': { readonly waiting: string };
  /** `reason` is the system's code (`ECONNREFUSED`) or a word of ours. */
  'network-unreachable': { readonly reason: string };
  'network-certificate': { readonly reason: string };
  /** `got` is the result, the source and the reason of a refused association, or the result of a refused context. */
  'network-refused': { readonly reason: string; readonly got?: readonly number[] };
  'network-unauthorised': { readonly status: number };
  /** A status of PS3.7 annex C, or of HTTP. */
  'network-status': { readonly protocol: 'DIMSE' | 'HTTP'; readonly status: number };
  'network-listen': { readonly reason: string; readonly port?: number };
  /** `reason` is the system's code or a word of ours; `expected` is the bound, bytes. */
  'spool-full': { readonly reason: string; readonly expected?: number };
  /** `by` is who decided: the policy, the command line. */
  'setting-locked': { readonly setting: string; readonly by?: string };
  /** `file` is `policy.json` or `config.json` where the fault lies in it; without a `setting` it is no object at all. */
  'setting-invalid': { readonly file?: string; readonly setting?: string; readonly reason: string };
  /** `got` is the layout of the list on disk, `expected` the latest that this program knows. */
  'worklist-newer': { readonly got: number; readonly expected: number };
  'worklist-damaged': Nothing;
  'worklist-sealed': Nothing;
  /** `reason` is a word of ours: `disk full`, `read-only`, `not accessible`, `input or output`, `other`. */
  'worklist-unwritable': { readonly reason: string };
  /** `holder` is the other evaluator's process id. */
  'data-folder-in-use': { readonly holder: number };
  /** `reason` is the system's code (`EACCES`). `folder` is one that was configured, never one of a patient's files. */
  'folder-unusable': {
    readonly setting: string;
    readonly folder: string;
    readonly reason: string;
    readonly expected: string;
  };
  'key-unknown': { readonly fingerprint: string };
  'key-none': Nothing;
  /** `got` is the number of results that the key has decrypted. */
  'key-spent': { readonly got: number };
  'key-mismatch': Nothing;
  'key-file-parameters': Nothing;
  'key-locked': { readonly reason?: string };
  'key-passphrase': { readonly reason?: string };
  /** Scores from 0 to 4 (main/vault/passphrase-strength.ts). */
  'key-passphrase-weak': { readonly score: number; readonly expected: number };
  'key-file-foreign': { readonly got: number; readonly is?: 'picture' };
  'key-file-version': { readonly got: number; readonly expected: number };
  'key-file-altered': { readonly reason?: string; readonly path?: string };
  'key-file-costly': { readonly memoryKiB?: number; readonly path?: string };
  'key-file-recipient': Nothing;
  /** The share that is there has this number; `of` is how many there are. */
  'key-share-missing': { readonly number: number; readonly of: number };
  'key-share-same': { readonly number: number };
  'key-share-foreign': { readonly reason: 'no share' | 'another set' };
  'key-address': { readonly index?: number; readonly got?: number; readonly expected?: number };
  'key-vault': { readonly reason?: string; readonly path?: string };
  'key-vault-busy': Nothing;
  'key-unsaved': { readonly reason?: string; readonly path?: string };
  'key-crypto': { readonly primitive: string };
  /** `layer` is the layer at which a run on ciphertext stopped. */
  cancelled: { readonly layer?: string };
  'engine-crashed': Nothing;
  /** `kind` is the class of the exception; its text is not passed on. */
  internal: { readonly kind?: string; readonly reason?: string; readonly job?: string };
};

/** A code that says everything by itself. */
type Nothing = Readonly<Record<string, never>>;

/** Which node of the network was refused, and why. */
type GraphDetail = {
  readonly node?: string;
  readonly reason: string;
  readonly got?: number | readonly number[];
  readonly expected?: number | readonly number[];
};

/** Where in the bytes of a ciphertext or key the parser stopped. */
type ParsedDetail = {
  readonly field?: string;
  readonly index?: number;
  readonly offset?: number;
  readonly got?: number | readonly number[];
  readonly expected?: number | readonly number[];
};
