import { CxrError } from '../../../contract/errors.ts';
import { type BundleId, parseBundleId } from '../../../contract/ids/bundle-id.ts';
import { type JobId, parseJobId } from '../../../contract/ids/job-id.ts';
import { type KeyId, parseKeyId } from '../../../contract/ids/key-id.ts';
import { maxWaitMs } from '../../../contract/protocol.ts';

/** The `:id` of a route. */
export type IdParams = { Params: { id: string } };

function parse<T>(field: string, text: string, parser: (text: string) => T): T {
  try {
    return parser(text);
  } catch (error) {
    throw new CxrError('request-invalid', { field }, { cause: error });
  }
}

/** Reads a key id from a path. @throws CxrError `request-invalid`. */
export const keyParameter = (text: string): KeyId => parse('key id', text, parseKeyId);
/** Reads a job id from a path. @throws CxrError `request-invalid`. */
export const jobParameter = (text: string): JobId => parse('job id', text, parseJobId);
/** Reads a bundle id from a path. @throws CxrError `request-invalid`. */
export const bundleParameter = (text: string): BundleId => parse('bundle id', text, parseBundleId);

/** `?waitMs=`: absent is 0, more than `maxWaitMs` is `maxWaitMs`. @throws CxrError `request-invalid`. */
export function waitParameter(text: unknown): number {
  if (text === undefined) return 0;
  if (typeof text !== 'string' || !/^\d{1,9}$/.test(text)) {
    throw new CxrError('request-invalid', { field: 'waitMs' });
  }
  return Math.min(Number(text), maxWaitMs);
}

/** The `Upload-Offset` header: where in the frame a piece belongs, bytes. @throws CxrError `request-invalid`. */
export function offsetParameter(header: unknown): number {
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header))
    throw new CxrError('request-invalid', { field: 'upload-offset' });
  return Number(header);
}
