import type { ProxyChoice } from '../../contract/connection.ts';

/**
 * Reads the answer of a proxy configuration script, such as `PROXY host:port; DIRECT`, and takes the first way that it
 * names. A kind of proxy that cannot be used, such as SOCKS, is passed on with its name, so that it is refused and not
 * gone around.
 */
export function proxyFromScript(answer: string): ProxyChoice {
  const [kind = 'DIRECT', place = ''] = (answer.split(';')[0] ?? '').trim().split(/\s+/);
  if (kind === '' || kind.toUpperCase() === 'DIRECT') return { kind: 'direct' };
  const schemes: Readonly<Record<string, string>> = { PROXY: 'http', HTTP: 'http', HTTPS: 'https' };
  return { kind: 'at', url: `${schemes[kind.toUpperCase()] ?? kind.toLowerCase()}://${place}` };
}
