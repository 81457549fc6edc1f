import { isIP } from 'node:net';
import { CxrError } from '../../contract/errors.ts';

/**
 * Checks the address of an evaluator. It must be https, or http to this machine, and have no credentials, query or
 * fragment.
 *
 * @returns the URL without a trailing slash. It may have a path in front of the routes.
 * @throws  CxrError `evaluator-url`. The error does not repeat the address, which could hold a password.
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

/** Tells whether an address stays on this machine: `localhost`, `[::1]` or 127.x.x.x. */
export function isLoopbackUrl(text: string): boolean {
  const hostname = URL.parse(text)?.hostname ?? '';
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
  );
}
