import type { ProxyChoice } from '../../contract/connection.ts';

/**
 * The first way that a proxy configuration script names: `PROXY host:port; DIRECT`. Kinds that cannot be used are passed
 * on, so that they are refused by name and not gone around.
 */
export function proxyFromScript(answer: string): ProxyChoice {
  const [kind = 'DIRECT', place = ''] = (answer.split(';')[0] ?? '').trim().split(/\s+/);
  if (kind === '' || kind.toUpperCase() === 'DIRECT') return { kind: 'direct' };
  const schemes: Readonly<Record<string, string>> = { PROXY: 'http', HTTP: 'http', HTTPS: 'https' };
  return { kind: 'at', url: `${schemes[kind.toUpperCase()] ?? kind.toLowerCase()}://${place}` };
}
