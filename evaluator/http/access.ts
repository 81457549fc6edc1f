import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CxrError } from '../../contract/errors.ts';
import { everybody, parseTenant, type Tenant, tenantSchema } from '../tenants/tenant.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any route sees the request. */
    tenant: Tenant;
  }
}

/** What a request shows of who sent it. Other ways to prove it, such as a certificate, are further fields. */
export type Presented = { readonly authorization: string | undefined };

/** Tells whose request it is, null for one that may not come in. Whoever has to ask somebody else answers later. */
export type Access = (presented: Presented) => Tenant | null | Promise<Tenant | null>;

const line = /^([0-9a-f]{64})(?:\s+(\S+).*)?$/i;
const mostTokens = 10_000;
const longestHeader = 1_024;

/** This access lets everybody in, as one tenant. It is for evaluators that only this machine can reach. */
export const openToAll: Access = () => everybody;

/**
 * Access for whoever has a token whose SHA-256 is in the file: one a line, hexadecimal, then the tenant's name. The first
 * word of it counts, so that a tenant may have several tokens, and others after them. A line without a name is a tenant of
 * its own. Empty lines and those with `#` in front are left out. The file holds no token, so reading it lets nobody in.
 *
 * @throws CxrError `request-invalid` when the file cannot be read, has none, or a line is something else.
 */
export function accessFrom(path: string): Access {
  const tokens = readLines(path).map((text, index) => {
    const [, digest, name = ''] = line.exec(text) ?? [];
    if (digest === undefined) throw new CxrError('request-invalid', { flag: '--access', line: index + 1 });
    const named = tenantSchema.safeParse(name);
    const tenant = named.success ? named.data : parseTenant(`token-${digest.slice(0, 12).toLowerCase()}`);
    return { digest: Buffer.from(digest, 'hex'), tenant };
  });
  if (tokens.length === 0 || tokens.length > mostTokens)
    throw new CxrError('request-invalid', {
      flag: '--access',
      got: tokens.length,
      expected: `1 to ${mostTokens} tokens`,
    });
  return ({ authorization = '' }) => {
    if (authorization.length > longestHeader || !/^bearer /i.test(authorization)) return null;
    const digest = createHash('sha256').update(authorization.slice(7).trim()).digest();
    // Every line is compared, so that the time tells nothing.
    return tokens.reduce<Tenant | null>(
      (found, known) => (timingSafeEqual(known.digest, digest) ? known.tenant : found),
      null,
    );
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
