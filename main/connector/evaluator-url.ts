import { isIP } from 'node:net';
import { CxrError } from '../../contract/errors.ts';

/**
 * Checks the address of an evaluator: https, or http to this machine, without credentials, query and fragment.
 *
 * @returns the URL without a trailing slash; a path in front of the routes may remain.
 * @throws CxrError `evaluator-url`; the address itself is not repeated, it could hold a password.
 */
export function parseEvaluatorUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) throw new CxrError('evaluator-url', { reason: 'not a URL' });
  if (url.username !== '' || url.password !== '')
    throw new CxrError('evaluator-url', { reason: 'credentials' });
  if (url.search !== '' || url.hash !== '') throw new CxrError('evaluator-url', { reason: 'query' });
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackUrl(url.href))) {
    throw new CxrError('evaluator-url', { reason: 'https needed unless the host is loopback' });
  }
  return url.href.replace(/\/+$/, '');
}

/** Whether an address stays on this machine. */
export function isLoopbackUrl(text: string): boolean {
  const hostname = URL.parse(text)?.hostname ?? '';
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
  );
}
