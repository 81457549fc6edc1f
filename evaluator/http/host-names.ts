import { isIP } from 'node:net';

/** Tells whether a request may be for this server, by its `Host` header. */
export type HostNames = (rawHeaders: readonly string[]) => boolean;

/** Every name: for a server that others can reach, whose names it does not know. */
export const anyName: HostNames = () => true;

/** Tells whether a host name means this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * The names of this machine, and those by which a proxy passes requests on. A page in a browser on this machine can let
 * its own name point to 127.0.0.1, so that its requests come from here; they still bear that name (DNS rebinding).
 *
 * @param more  further names, without port.
 */
export function loopbackNames(more: readonly string[]): HostNames {
  const known = new Set(more.map((name) => name.toLowerCase()));
  return (rawHeaders) => {
    const given = rawHeaders.filter(
      (_, index) => rawHeaders[index - 1]?.toLowerCase() === 'host' && index % 2 === 1,
    );
    const [name = ''] = given;
    const hostname = nameOf(name);
    return given.length === 1 && hostname !== null && (isLoopback(hostname) || known.has(hostname));
  };
}

/** `[::1]:8420` is `::1`, `localhost:1` is `localhost`; null for what is no host. */
function nameOf(host: string): string | null {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  return (bracketed ?? plain)?.toLowerCase() ?? null;
}
