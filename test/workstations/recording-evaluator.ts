import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What passed between a workstation and its evaluator about one study: both ciphertexts in their frames. */
export type Recorded = { readonly question: Uint8Array; readonly answer: Uint8Array };

/** A door in front of a real evaluator that keeps copies of what passes. */
export type RecordingEvaluator = AsyncDisposable & {
  readonly url: string;
  /** The last question that was answered, and its answer. */
  readonly last: Recorded | null;
  /** The paths of evaluation keys that were uploaded, and of those that were deleted. */
  readonly uploaded: readonly string[];
  readonly deleted: readonly string[];
};

/** Opens such a door. @param realUrl  where the evaluator is. */
export async function openRecordingEvaluator(realUrl: string): Promise<RecordingEvaluator> {
  let question: Uint8Array | null = null;
  let last: Recorded | null = null;
  const uploaded: string[] = [];
  const deleted: string[] = [];
  const keep = (incoming: IncomingMessage, sent: Uint8Array, status: number, received: Uint8Array) => {
    const { method, url = '' } = incoming;
    if (method === 'POST' && status < 300) question = sent;
    const isStored = (method === 'PUT' && status < 300) || (method === 'PATCH' && status === 201);
    if (isStored && url.startsWith('/v1/keys/')) uploaded.push(url.replace('/upload', ''));
    if (method === 'DELETE' && url.startsWith('/v1/keys/') && status < 300) deleted.push(url);
    if (method === 'GET' && url.endsWith('/result') && status === 200 && question !== null)
      last = { question, answer: received };
  };
  const server = createServer((incoming, answer) => void pass(realUrl, incoming, answer, keep));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get last() {
      return last;
    },
    uploaded,
    deleted,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function pass(
  realUrl: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  keep: (incoming: IncomingMessage, sent: Uint8Array, status: number, received: Uint8Array) => void,
): Promise<void> {
  try {
    const sent = await bytesOf(incoming);
    const outgoing = request(new URL(incoming.url ?? '/', realUrl), {
      method: incoming.method,
      headers: incoming.headers,
    });
    outgoing.end(sent);
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject);
    });
    const received = await bytesOf(reply);
    keep(incoming, sent, reply.statusCode ?? 0, received);
    answer.writeHead(reply.statusCode ?? 502, reply.headers).end(received);
  } catch {
    // One of the two has gone.
    answer.destroy();
  }
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
