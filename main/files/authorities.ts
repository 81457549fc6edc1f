import { existsSync, readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type { CertificateChoice } from '../../contract/connection.ts';

/** Where Linux distributions keep what their administrators trust; Electron's own TLS library looks nowhere. */
const linuxStores = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
];
const mostCertificateBytes = 4 * 1024 * 1024;

/**
 * Lists the authorities that are trusted, as PEM texts: those that Node.js brings, the operating system's where it is asked
 * for, and further ones.
 *
 * @returns null when there is no certificate in the further text, or too much text.
 */
export function trustedAuthorities({ system, extra }: CertificateChoice): string[] | null {
  const authorities = new Set(getCACertificates('default'));
  if (system) for (const one of systemAuthorities()) authorities.add(one);
  if (extra === null) return [...authorities];
  const further = extra.length > mostCertificateBytes ? [] : blocks(extra);
  return further.length === 0 ? null : [...authorities, ...further];
}

let known: readonly string[] | undefined;

/**
 * Lists the authorities that the system trusts. They are read once, because on Windows and macOS this takes a while.
 */
function systemAuthorities(): readonly string[] {
  if (known !== undefined) return known;
  known = getCACertificates('system');
  const file = linuxStores.find((path) => existsSync(path));
  if (known.length === 0 && process.platform === 'linux' && file !== undefined)
    known = blocks(readFileSync(file, 'utf8'));
  return known;
}

const blocks = (pem: string): string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
