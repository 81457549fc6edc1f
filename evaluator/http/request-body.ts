import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { CxrError } from '../../contract/errors.ts';

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
 * The body in chunks.
 *
 * @throws CxrError `frame-too-large` as soon as more than `maxBytes` came, `frame-truncated` when the sender went away.
 */
export async function* bodyChunks(request: FastifyRequest, maxBytes: number): AsyncGenerator<Uint8Array> {
  const body = request.body instanceof Readable ? request.body : Readable.from([]);
  let received = 0;
  try {
    // Destroying the stream would reset the connection before the refusal could be sent.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      received += (chunk as Buffer).length;
      if (received > maxBytes) throw new CxrError('frame-too-large', { expected: maxBytes });
      yield chunk as Buffer;
    }
  } catch (error) {
    if (error instanceof CxrError) throw error;
    throw new CxrError('frame-truncated', { got: received }, { cause: error });
  }
}

/** The whole body; for frames of a few megabytes only. */
export async function readBody(request: FastifyRequest, maxBytes: number): Promise<Uint8Array> {
  announcedBytes(request, maxBytes);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bodyChunks(request, maxBytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
