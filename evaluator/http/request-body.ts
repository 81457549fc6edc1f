import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { CxrError } from '../../contract/errors.ts';
import { everybody } from '../tenants/tenant.ts';
import type { BodyBounds } from './bounds/bodies.ts';

/**
 * Bytes announced by Content-Length, null when the body comes in chunks of unknown total.
 *
 * @throws CxrError `frame-too-large` before a byte of the body is read.
 */
export function announcedBytes(request: FastifyRequest, maxBytes: number): number | null {
  const header = request.headers['content-length'];
  if (header === undefined) return null;
  const announced = Number(header);
  if (announced > maxBytes) throw new CxrError('frame-too-large', { got: announced, expected: maxBytes });
  return announced;
}

/**
 * The body in chunks, while `bounds` leaves its sender room.
 *
 * @throws CxrError `frame-too-large` as soon as more than `maxBytes` came, `frame-truncated` when the sender went away,
 *         `quota-exceeded` when it may not begin, stands still, or gives way to another.
 */
export async function* bodyChunks(
  request: FastifyRequest,
  maxBytes: number,
  bounds: BodyBounds,
): AsyncGenerator<Uint8Array> {
  const body = request.body instanceof Readable ? request.body : Readable.from([]);
  // Behind a proxy all workstations have one address.
  const { tenant, ip } = request;
  using share = bounds.admit(tenant === everybody ? ip : tenant);
  // Destroying the stream would reset the connection before the refusal could be sent.
  const chunks = body.iterator({ destroyOnReturn: false });
  let received = 0;
  try {
    for (;;) {
      const next = (await Promise.race([chunks.next(), share.revoked])) as IteratorResult<Buffer>;
      if (next.done === true) return;
      received += next.value.length;
      share.received(next.value.length);
      if (received > maxBytes) throw new CxrError('frame-too-large', { expected: maxBytes });
      yield next.value;
    }
  } catch (error) {
    if (error instanceof CxrError) throw error;
    throw new CxrError('frame-truncated', { got: received }, { cause: error });
  } finally {
    // Not waited for: a body that stands still lets go of its stream when the connection is cut.
    void chunks.return?.();
  }
}

/** The whole body; for frames of a few megabytes only. @throws CxrError as `bodyChunks`. */
export async function readBody(
  request: FastifyRequest,
  maxBytes: number,
  bounds: BodyBounds,
): Promise<Uint8Array> {
  announcedBytes(request, maxBytes);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bodyChunks(request, maxBytes, bounds)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
