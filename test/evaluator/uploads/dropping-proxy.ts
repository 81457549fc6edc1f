import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A proxy that passes bytes on and cuts connections. */
export type DroppingProxy = {
  readonly url: string;
  /** Connections that were made, and of those the cut ones. */
  readonly connections: number;
  readonly dropped: number;
  /** Bytes that came from the client. */
  readonly received: number;
};

/**
 * Opens a proxy before an evaluator, which is closed after the test.
 *
 * @param passes  how many bytes of the client a connection passes on before it is cut, told the first of them.
 */
export async function openDroppingProxy(
  target: string,
  passes: (first: Buffer) => number,
): Promise<DroppingProxy> {
  const seen = { connections: 0, dropped: 0, received: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    seen.connections += 1;
    let left: number | null = null;
    const behind = connect(Number(new URL(target).port), '127.0.0.1');
    for (const [socket, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => other.destroy());
    }
    behind.pipe(client);
    client.on('data', (data) => {
      seen.received += data.length;
      left ??= passes(data);
      const passed = data.subarray(0, left);
      left -= passed.length;
      if (left === 0) {
        seen.dropped += 1;
        client.pause();
        // What it has passed on arrives; then nothing more does.
        behind.end(passed, () => client.destroy());
        return;
      }
      if (!behind.write(passed)) {
        client.pause();
        behind.once('drain', () => client.resume());
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return Object.assign(seen, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
