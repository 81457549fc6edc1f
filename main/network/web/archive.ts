import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { CxrError } from '../../../contract/errors.ts';
import type { Login, WebArchive } from '../../../contract/network/archive.ts';
import { networkFault } from '../peer.ts';
import { trustedBy } from '../trusted-by.ts';

/** A request. `length` is that of `body`, bytes. */
export type WebRequest = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array>;
  readonly length?: number;
  readonly signal?: AbortSignal | undefined;
};

/** The answer, whose body has not been read yet. */
export type WebAnswer = {
  readonly status: number;
  readonly contentType: string;
  readonly body: AsyncIterable<Uint8Array>;
};

const usualWaitMs = 60_000;
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Finds the address of a request. @throws CxrError 'setting-invalid', which does not repeat the address. */
function addressOf({ url, login }: WebArchive, path: string): URL {
  const base = URL.parse(url);
  const refuse = (reason: string): never => {
    throw new CxrError('setting-invalid', { setting: 'archiveUrl', reason });
  };
  if (base === null || !['http:', 'https:'].includes(base.protocol)) return refuse('neither http nor https');
  if (base.username !== '' || base.password !== '' || base.search !== '' || base.hash !== '')
    return refuse('more than an address');
  // Whoever listens on the way would have it, too.
  if (login !== null && base.protocol === 'http:' && !loopback.test(base.hostname))
    return refuse('a login without https');
  return new URL(`${base.pathname.replace(/\/+$/, '')}${path}`, base);
}

function authorization(login: Login): string {
  if (login.kind === 'token') {
    if (!/^[\x21-\x7e]{1,4096}$/.test(login.token))
      throw new CxrError('setting-invalid', { setting: 'archiveTokenFile', reason: 'no token' });
    return `Bearer ${login.token}`;
  }
  return `Basic ${Buffer.from(`${login.user}:${login.password}`, 'utf8').toString('base64')}`;
}

/**
 * Asks an archive, and gives its answer to `read`. Redirections are not followed: they could lead anywhere.
 *
 * @throws CxrError 'network-unreachable', 'network-timeout', 'network-certificate', 'network-unauthorised',
 *         'network-status' for any status but those in `accepted`, 'setting-invalid', 'cancelled', and what `read` throws.
 */
export async function ask<T>(
  archive: WebArchive,
  request: WebRequest,
  accepted: readonly number[],
  read: (answer: WebAnswer) => Promise<T>,
): Promise<T> {
  const { trust, login, waitMs = usualWaitMs } = archive;
  const address = addressOf(archive, request.path);
  const isTls = address.protocol === 'https:';
  const outgoing = (isTls ? requestTls : requestPlain)(address, {
    method: request.method,
    agent: false,
    headers: {
      ...request.headers,
      ...(login === null ? {} : { authorization: authorization(login) }),
      ...(request.length === undefined ? {} : { 'content-length': request.length }),
    },
    ...(isTls ? { rejectUnauthorized: true, minVersion: 'TLSv1.2', ca: trustedBy(trust) } : {}),
    maxHeaderSize: 16 * 1024,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  // Of a connection on which nothing happens; it counts anew with each piece.
  let isLate = false;
  outgoing.setTimeout(waitMs, () => {
    isLate = true;
    outgoing.destroy();
  });
  // Also what comes after everybody has stopped listening.
  outgoing.on('error', () => {});
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
    });
    // An archive may answer before it has read everything, and then closes the connection.
    const sent =
      request.body === undefined ? outgoing.end() : pipeline(request.body, outgoing).catch(() => {});
    const answer = await answered;
    if (answer.statusCode === 401 || answer.statusCode === 403)
      throw new CxrError('network-unauthorised', { status: answer.statusCode });
    const status = answer.statusCode ?? 0;
    if (!accepted.includes(status)) throw new CxrError('network-status', { protocol: 'HTTP', status });
    if (request.body !== undefined) await sent;
    return await read({ status, contentType: String(answer.headers['content-type'] ?? ''), body: answer });
  } catch (error) {
    if (request.signal?.aborted === true) throw new CxrError('cancelled');
    throw isLate ? new CxrError('network-timeout', { waiting: 'answer' }) : networkFault(error);
  } finally {
    outgoing.destroy();
  }
}

/** Reads a body of JSON. @throws CxrError 'network-too-large', 'network-malformed'. */
export async function readJson({ body }: WebAnswer, mostBytes: number): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new CxrError('network-too-large', { part: 'answer', expected: mostBytes });
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new CxrError('network-malformed', { part: 'answer', reason: 'not JSON' });
  }
}
