import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent, fetch as undiciFetch } from 'undici';
import type { CertificateChoice, Connection, ProxyChoice } from '../../contract/connection.ts';
import { CxrError } from '../../contract/errors.ts';
import { trustedAuthorities } from '../files/authorities.ts';
import { isLoopbackUrl } from './evaluator-url.ts';

/** The way to one evaluator: through which proxy, with which trusted certificates and which access token. */
export type Route = {
  readonly fetch: typeof fetch;
  /** The headers that go with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** True when requests go through a proxy. */
  readonly proxied: boolean;
};

const connectTimeoutMs = 15_000;
const tokenPattern = /^[\x21-\x7e]{1,512}$/;

/**
 * Opens the way to an evaluator. Nothing is sent yet. Loopback addresses are reached without a proxy.
 *
 * @throws CxrError `evaluator-proxy` for a proxy that is not http or https, `evaluator-certificate` for a file without
 *         certificates, `evaluator-unauthorised` for a token that no header can hold.
 */
export function openRoute({ url, token, proxy, certificates }: Omit<Connection, 'embedded'>): Route {
  const { dispatcher, proxied } = dispatcherFor(url, proxy, certificates);
  return {
    fetch: ((target: string, init: object) =>
      undiciFetch(target, { ...init, dispatcher })) as unknown as typeof fetch,
    headers: token === null ? {} : { authorization: `Bearer ${checkedToken(token)}` },
    proxied,
  };
}

function dispatcherFor(
  url: string,
  proxy: ProxyChoice,
  certificates: CertificateChoice,
): { readonly dispatcher: Dispatcher; readonly proxied: boolean } {
  const isTls = url.startsWith('https:');
  // Stated, so that the variable NODE_TLS_REJECT_UNAUTHORIZED cannot turn the check of certificates off.
  const tls = isTls ? { ca: trusted(certificates), rejectUnauthorized: true } : {};
  const connect = { timeout: connectTimeoutMs, ...tls };
  if (isLoopbackUrl(url) || proxy.kind === 'direct')
    return { dispatcher: new Agent({ connect }), proxied: false };
  if (proxy.kind === 'environment') {
    return {
      dispatcher: new EnvHttpProxyAgent({ connect, requestTls: connect, proxyTls: connect }),
      proxied: (process.env.HTTPS_PROXY ?? process.env.https_proxy ?? '') !== '',
    };
  }
  const uri = URL.parse(proxy.url);
  if (uri === null || !['http:', 'https:'].includes(uri.protocol))
    throw new CxrError('evaluator-proxy', { reason: 'neither http nor https' });
  return {
    dispatcher: new ProxyAgent({ uri: uri.href, connect, requestTls: connect, proxyTls: connect }),
    proxied: true,
  };
}

function checkedToken(token: string): string {
  if (!tokenPattern.test(token)) throw new CxrError('evaluator-unauthorised', { reason: 'token' });
  return token;
}

function trusted(choice: CertificateChoice): string[] {
  const authorities = trustedAuthorities(choice);
  if (authorities === null)
    throw new CxrError('evaluator-certificate', { reason: 'no certificate in the file' });
  return authorities;
}

/** Describes the direct connection to an address: no proxy, no token, and only the certificates that Node.js brings. */
export const plainConnection = (url: string, embedded = false): Connection => ({
  url,
  embedded,
  token: null,
  proxy: { kind: 'direct' },
  certificates: { system: false, extra: null },
});
