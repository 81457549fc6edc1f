import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type CodedError, CxrError } from '../../../contract/errors.ts';
import { maxDroppedBytes } from '../../../contract/limits.ts';
import type { Admission } from '../../../dicom/network/negotiate.ts';
import { networkFault } from '../peer.ts';
import { serveAssociation } from './association.ts';
import { Rate } from './rate.ts';
import type { Patience, Service } from './service.ts';
import type { Spool, Stored } from './spool.ts';

/** PEM texts. With `authorities` the other side must show a certificate of theirs. */
export type ServerTls = {
  readonly certificate: string;
  readonly key: string;
  readonly authorities: string | null;
};

/** How studies are received. */
export type ScpOptions = Admission & {
  /** 0 for any that is free. */
  readonly port: number;
  /** The address of the interface on which it listens; null for all. */
  readonly address: string | null;
  readonly tls: ServerTls | null;
  readonly spool: Spool;
  readonly mostAssociations: number;
  /** The most objects that are taken from one AE title in a minute. */
  readonly objectsPerMinute: number;
  readonly mostObjectBytes?: number;
  readonly patience?: Patience;
  readonly onStored: (stored: Stored) => void;
  readonly onTrouble?: (error: CodedError, title: string | null) => void;
};

/** A service that receives. */
export type Scp = {
  readonly port: number;
  readonly associations: number;
  readonly connections: number;
  /** Stops listening and breaks off what is under way. */
  readonly close: () => Promise<void>;
};

const usualPatience: Patience = { artimMs: 15_000, idleMs: 60_000 };
/** For each address. One that sends each object by itself needs as many as objects, and some more. */
const leastConnectionsPerMinute = 600;

/**
 * Begins to receive: C-STORE and C-ECHO as service class provider (PS3.4 annexes A and B).
 *
 * @throws CxrError 'network-listen', 'network-certificate'.
 */
export async function startScp(options: ScpOptions): Promise<Scp> {
  const { title, callers, mostAssociations, objectsPerMinute, patience = usualPatience } = options;
  const sockets = new Set<Socket>();
  let associations = 0;
  const service: Service = {
    admission: { title, callers },
    patience,
    mostObjectBytes: options.mostObjectBytes ?? maxDroppedBytes,
    spool: options.spool,
    objects: new Rate(objectsPerMinute),
    enter: () => {
      if (associations >= mostAssociations) return null;
      associations += 1;
      return () => {
        associations -= 1;
      };
    },
    onStored: options.onStored,
    onTrouble: options.onTrouble ?? (() => {}),
  };
  const connections = new Rate(Math.max(leastConnectionsPerMinute, 2 * objectsPerMinute));
  const accept = (socket: Socket): void => {
    if (!connections.allows(socket.remoteAddress ?? '')) return void socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    void serveAssociation(socket, service);
  };
  const server = serverFor(options.tls, accept, patience, service.onTrouble);
  // Those that have not said yet who they are must not keep out those that have.
  server.maxConnections = 2 * mostAssociations + 8;
  const port = await listening(server, options);
  return {
    port,
    get associations() {
      return associations;
    },
    get connections() {
      return sockets.size;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function serverFor(
  tls: ServerTls | null,
  accept: (socket: Socket) => void,
  { artimMs }: Patience,
  onTrouble: Service['onTrouble'],
): Server {
  if (tls === null) return createServer({ pauseOnConnect: false }, accept);
  const { certificate, key, authorities } = tls;
  try {
    const server = createTlsServer({
      cert: certificate,
      key,
      minVersion: 'TLSv1.2',
      handshakeTimeout: artimMs,
      ...(authorities === null ? {} : { ca: authorities, requestCert: true, rejectUnauthorized: true }),
    });
    server.on('secureConnection', accept);
    server.on('tlsClientError', (error) => {
      const fault = networkFault(error);
      if (fault instanceof CxrError) onTrouble(fault.coded, null);
    });
    return server;
  } catch (cause) {
    throw new CxrError('network-certificate', { reason: 'certificate or key' }, { cause });
  }
}

function listening(server: Server, { port, address }: ScpOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new CxrError('network-listen', { reason: cause.code ?? 'unknown', port }, { cause }));
    });
    server.listen({ port, ...(address === null ? {} : { host: address }) }, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}
