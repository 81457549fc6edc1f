import type { ErrorDetails } from './error-details.ts';

/**
 * The closed list of what can go wrong outside the program: in files, on the network, with keys. Every code has a
 * section in docs/errors.md with message, context, cause and fix, and a test compares the two lists. A code crosses
 * process borders (IPC) and HTTP; an exception never does.
 */
export const errorCodes = [
  'dicom-not-dicom',
  'dicom-malformed',
  'dicom-truncated',
  'dicom-no-pixels',
  'dicom-transfer-syntax',
  'dicom-unsupported',
  'dicom-too-large',
  'dicom-pixels',
  'dicom-not-radiograph',
  'dicom-duplicate',
  'dicom-uid-taken',
  'dicom-unwritable',
  'file-unreadable',
  'nothing-found',
  'archive-unreadable',
  'archive-encrypted',
  'archive-too-large',
  'reader-crashed',
  'file-too-slow',
  'file-too-costly',
  'image-unreadable',
  'input-view',
  'input-raw',
  'input-infant',
  'input-size',
  'input-exposure',
  'input-turned',
  'input-part',
  'input-unlike-chest',
  'latent-shape',
  'latent-range',
  'params-insecure',
  'params-invalid',
  'graph-invalid',
  'graph-unsupported',
  'graph-too-deep',
  'graph-imprecise',
  'bundle-missing',
  'bundle-invalid',
  'bundle-digest',
  'bundle-unknown',
  'frame-malformed',
  'frame-truncated',
  'frame-too-large',
  'frame-digest',
  'frame-foreign',
  'frame-replayed',
  'ciphertext-invalid',
  'evaluation-key-missing',
  'evaluation-key-invalid',
  'result-foreign',
  'result-invalid',
  'result-range',
  'job-unknown',
  'job-cancelled',
  'job-failed',
  'job-not-ready',
  'queue-full',
  'quota-exceeded',
  'storage-full',
  'request-invalid',
  'evaluator-unreachable',
  'evaluator-protocol',
  'evaluator-url',
  'evaluator-certificate',
  'evaluator-proxy',
  'evaluator-unauthorised',
  'evaluator-body-limit',
  'export-unwritable',
  'export-image-changed',
  'deidentify-burned-in',
  'audit-unwritable',
  'network-malformed',
  'network-too-large',
  'network-timeout',
  'network-unreachable',
  'network-certificate',
  'network-refused',
  'network-unauthorised',
  'network-status',
  'network-listen',
  'spool-full',
  'setting-locked',
  'setting-invalid',
  'worklist-newer',
  'worklist-damaged',
  'worklist-sealed',
  'worklist-unwritable',
  'data-folder-in-use',
  'folder-unusable',
  'key-unknown',
  'key-none',
  'key-spent',
  'key-mismatch',
  'key-file-parameters',
  'key-locked',
  'key-passphrase',
  'key-passphrase-weak',
  'key-file-foreign',
  'key-file-version',
  'key-file-altered',
  'key-file-costly',
  'key-file-recipient',
  'key-share-missing',
  'key-share-same',
  'key-share-foreign',
  'key-address',
  'key-vault',
  'key-vault-busy',
  'key-unsaved',
  'key-crypto',
  'cancelled',
  'engine-crashed',
  'internal',
] as const satisfies readonly (keyof ErrorDetails)[];

/** One code of the list. */
export type ErrorCode = (typeof errorCodes)[number];

/** The details of one code. A test shows that every code has its details, and that no others are there. */
export type DetailOf<C extends ErrorCode> = ErrorDetails[C];

/**
 * What crosses a process border in place of an exception: a code with the details of that code.
 */
export type CodedError = {
  readonly [C in ErrorCode]: { readonly code: C; readonly detail: DetailOf<C> };
}[ErrorCode];

/** Details may be left out where a code needs none. */
type Arguments<C extends ErrorCode> =
  Readonly<Record<string, never>> extends DetailOf<C>
    ? [detail?: DetailOf<C>, options?: { readonly cause?: unknown }]
    : [detail: DetailOf<C>, options?: { readonly cause?: unknown }];

/**
 * A refusal with a code from the closed list, and with the details that belong to that code.
 *
 * @remarks `detail` is logged and shown, so it must never hold a sensitive value. `message` is made of code and detail
 * alone, so that nothing else can leak into it.
 */
export class CxrError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly detail: DetailOf<C>;

  constructor(code: C, ...[detail = {} as DetailOf<C>, options]: Arguments<C>) {
    const said = JSON.stringify(detail);
    super(said === '{}' ? code : `${code} ${said}`, options);
    this.name = 'CxrError';
    this.code = code;
    this.detail = detail;
  }

  /** The exception of what another process or the network told. */
  static from({ code, detail }: CodedError, options?: { readonly cause?: unknown }): CxrError {
    return new CxrError<ErrorCode>(code, detail, options);
  }

  /** What is told to another process. */
  get coded(): CodedError {
    return codedPart(this as CodedError);
  }
}

/** Code and details alone, of a reply that carries them among other fields. */
export const codedPart = ({ code, detail }: CodedError): CodedError => ({ code, detail }) as CodedError;

/** Tells whether `value` is a code of the list. Values from the network are not trusted to be one. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && (errorCodes as readonly string[]).includes(value);
}

/**
 * Turns anything that was thrown into its coded form. An aborted operation becomes `cancelled`. Any other exception
 * becomes `internal` with the name of its class only, because its text could hold patient data.
 */
export function toCodedError(error: unknown): CodedError {
  if (error instanceof CxrError) return error.coded;
  if (error instanceof Error && error.name === 'AbortError') return { code: 'cancelled', detail: {} };
  return {
    code: 'internal',
    detail: { kind: error instanceof Error ? error.constructor.name : typeof error },
  };
}
