import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CxrError } from '../../contract/errors.ts';

/** Tells whether a request may come in by its `Authorization` header. */
export type Access = (authorization: string | undefined) => boolean;

const line = /^([0-9a-f]{64})(\s+\S.*)?$/i;
const mostTokens = 10_000;
const longestHeader = 1_024;

/** This access lets everybody in. It is for evaluators that only this machine can reach. */
export const openToAll: Access = () => true;

/**
 * Access for whoever has a token whose SHA-256 is in the file: one a line, hexadecimal, then a name for whoever reads
 * the file. Empty lines and those with `#` in front are left out. The file holds no token, so reading it lets nobody in.
 *
 * @throws CxrError `request-invalid` when the file cannot be read, has none, or a line is something else.
 */
export function accessFrom(path: string): Access {
  const digests = readLines(path).map((text, index) => {
    const digest = line.exec(text)?.[1];
    if (digest === undefined) throw new CxrError('request-invalid', { flag: '--access', line: index + 1 });
    return Buffer.from(digest, 'hex');
  });
  if (digests.length === 0 || digests.length > mostTokens)
    throw new CxrError('request-invalid', {
      flag: '--access',
      got: digests.length,
      expected: `1 to ${mostTokens} tokens`,
    });
  return (authorization = '') => {
    if (authorization.length > longestHeader || !/^bearer /i.test(authorization)) return false;
    const digest = createHash('sha256').update(authorization.slice(7).trim()).digest();
    // Every line is compared, so that the time tells nothing.
    return digests.reduce((found, known) => timingSafeEqual(known, digest) || found, false);
  };
}

function readLines(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines.map((text) => text.trim()).filter((text) => text !== '' && !text.startsWith('#'));
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new CxrError('request-invalid', { flag: '--access', reason: code }, { cause });
  }
}
