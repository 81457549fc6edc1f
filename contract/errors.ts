/**
 * The closed list of what can go wrong outside the program: in files, on the network, with keys. Every code has a
 * section in docs/errors.md with message, context, cause and fix, and a test compares the two lists. A code crosses
 * process borders (IPC) and HTTP; an exception never does.
 */
export const errorCodes = [
  'dicom-not-dicom',
  'dicom-truncated',
  'dicom-no-pixels',
  'dicom-transfer-syntax',
  'dicom-unsupported',
  'dicom-too-large',
  'dicom-pixels',
  'dicom-not-radiograph',
  'dicom-duplicate',
  'file-unreadable',
  'archive-unreadable',
  'archive-encrypted',
  'archive-too-large',
  'reader-crashed',
  'image-unreadable',
  'input-view',
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
  'request-invalid',
  'evaluator-unreachable',
  'evaluator-protocol',
  'evaluator-url',
  'evaluator-certificate',
  'evaluator-proxy',
  'evaluator-unauthorised',
  'setting-locked',
  'setting-invalid',
  'data-folder-in-use',
  'key-unknown',
  'key-locked',
  'key-passphrase',
  'key-passphrase-weak',
  'key-file-foreign',
  'key-file-version',
  'key-file-altered',
  'key-file-costly',
  'key-file-recipient',
  'key-address',
  'key-vault',
  'key-vault-busy',
  'key-unsaved',
  'key-crypto',
  'cancelled',
  'engine-crashed',
  'internal',
] as const;

/** One code of the list. */
export type ErrorCode = (typeof errorCodes)[number];

/**
 * What is told along with a code. It may hold shapes, ranges, tags, ids and counts. It must never hold the value of a
 * pixel, of a header element or of a key.
 */
export type ErrorDetail = Readonly<Record<string, string | number | boolean | readonly number[] | null>>;

/** The form in which an error crosses a process border. */
export type CodedError = { readonly code: ErrorCode; readonly detail: ErrorDetail };

/**
 * The one exception of this program for everything that can go wrong outside it.
 *
 * @remarks `detail` is logged and shown, so it must never hold a sensitive value. `message` is made of code and detail
 * alone, so that nothing else can leak into it.
 */
export class CxrError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, detail: ErrorDetail = {}, options?: { cause?: unknown }) {
    super(`${code}${Object.keys(detail).length > 0 ? ` ${JSON.stringify(detail)}` : ''}`, options);
    this.name = 'CxrError';
    this.code = code;
    this.detail = detail;
  }
}

/** Tells whether `value` is a code of the list. Values from the network are not trusted to be one. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && (errorCodes as readonly string[]).includes(value);
}

/**
 * Turns anything that was thrown into its coded form. An aborted operation becomes `cancelled`. Any other exception
 * becomes `internal` with the name of its class only, because its text could hold patient data.
 */
export function toCodedError(error: unknown): CodedError {
  if (error instanceof CxrError) return { code: error.code, detail: error.detail };
  if (error instanceof Error && error.name === 'AbortError') return { code: 'cancelled', detail: {} };
  return {
    code: 'internal',
    detail: { kind: error instanceof Error ? error.constructor.name : typeof error },
  };
}
