import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many connections may be open at one time. */
export type ConnectionLimits = { readonly total: number; readonly perAddress: number };

type Open = { readonly socket: Socket; readonly address: string; requests: number; idleSince: number };

/**
 * Bounds the open connections of a server. When there are too many, the one that has been idle longest is closed in
 * favour of the new one, so that connections which ask for nothing shut nobody out. A connection is idle until the
 * headers of a request are complete, and after the reply.
 */
export function boundConnections(server: Server, limits: ConnectionLimits): void {
  const connections = new Map<Socket, Open>();

  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const all = [...connections.values()];
    const own = all.filter((open) => open.address === address);
    const crowd = own.length >= limits.perAddress ? own : all.length >= limits.total ? all : null;
    if (crowd !== null && !closeIdlest(crowd)) {
      socket.destroy();
      return;
    }
    connections.set(socket, { socket, address, requests: 0, idleSince: performance.now() });
    socket.once('close', () => connections.delete(socket));
  });

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const open = connections.get(request.socket);
    if (open === undefined) return;
    open.requests += 1;
    response.once('close', () => {
      open.requests -= 1;
      open.idleSince = performance.now();
    });
  });

  function closeIdlest(crowd: readonly Open[]): boolean {
    const idle = crowd.filter((open) => open.requests === 0);
    const [first] = idle;
    if (first === undefined) return false;
    const { socket } = idle.reduce(
      (oldest, open) => (open.idleSince < oldest.idleSince ? open : oldest),
      first,
    );
    connections.delete(socket);
    socket.destroy();
    return true;
  }
}

/** A workstation has two connections. Behind a proxy, all of them come from one address. */
export const connectionLimits: ConnectionLimits = { total: 1_024, perAddress: 512 };
