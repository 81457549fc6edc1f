/**
 * The closed list of things that can go wrong. Every code has a section in docs/errors.md (message, context,
 * cause, fix) and a test compares the two lists. A code crosses IPC and HTTP; an exception never does.
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
  'file-too-slow',
  'file-too-costly',
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

export type ErrorCode = (typeof errorCodes)[number];

/** Shapes, ranges, tags, ids and counts only: never pixel, header or key values. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean | readonly number[] | null>>;

/** What crosses a process border in place of an exception. */
export type CodedError = { readonly code: ErrorCode; readonly detail: ErrorDetail };

/**
 * A refusal with a code from the closed list.
 *
 * @remarks `detail` must never hold sensitive values: it is logged and shown. `message` is derived from code and
 * detail alone, so that nothing else can leak into it.
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

/** Whether `value` is a code of the list (values from the network are not trusted to be). */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && (errorCodes as readonly string[]).includes(value);
}

/** The coded form of anything thrown; unknown exceptions become `internal` without their text, which could hold PHI. */
export function toCodedError(error: unknown): CodedError {
  if (error instanceof CxrError) return { code: error.code, detail: error.detail };
  if (error instanceof Error && error.name === 'AbortError') return { code: 'cancelled', detail: {} };
  return {
    code: 'internal',
    detail: { kind: error instanceof Error ? error.constructor.name : typeof error },
  };
}
