import { type CodedError, toCodedError } from '../../contract/errors.ts';
import type { Arrival, NetworkCommand, NetworkEvent, NetworkWork } from '../../contract/ipc/network.ts';
import { endAtOnce, openParentPort } from '../host/parent-port.ts';
import { answer } from './answer.ts';
import { Spool, type Stored } from './receive/spool.ts';
import { type Scp, startScp } from './receive/store-scp.ts';
import { watchFolder } from './receive/watched-folder.ts';

/** So much of the disk is left free whatever the settings say, bytes. */
const leastFreeBytes = 512 * 1024 * 1024;
/** A file that has not changed for so long is taken to be whole, ms; a copy over a slow share may pause. */
const settleMs = 5_000;
const watchEveryMs = 2_000;

/** Receives and watches, and says of each file when it is there. */
class Network {
  readonly #send: (event: NetworkEvent) => void;
  /** What lies in the spool, by path. */
  readonly #stored = new Map<string, Stored>();
  /** Files of the watched folder that are being dealt with. */
  readonly #handed = new Map<string, () => void>();
  #spool: Spool | null = null;

  constructor(send: (event: NetworkEvent) => void) {
    this.#send = send;
  }

  async handle(command: NetworkCommand): Promise<void> {
    if (command.kind === 'done') return this.#done(command.path);
    if (command.kind !== 'start') return this.#send(await answer(command));
    try {
      const scp = await this.#receive(command.work.receive);
      this.#send({ kind: 'started', port: scp?.port ?? null });
      this.#watch(command.work.watch);
    } catch (error) {
      this.#send({ kind: 'failed', error: toCodedError(error) });
    }
  }

  async #receive(options: NetworkWork['receive']): Promise<Scp | null> {
    if (options === null) return null;
    const { spool: folder, mostBytes, callers, ...rest } = options;
    const { spool, waiting } = await Spool.open(folder, { mostBytes, leastFreeBytes });
    this.#spool = spool;
    const scp = await startScp({
      ...rest,
      callers: new Set(callers),
      spool,
      onStored: (stored) => this.#arrived(stored),
      onTrouble: (error, title) => this.#trouble(error, title),
    });
    // What an earlier process had received and nobody had dealt with.
    for (const stored of waiting) this.#arrived(stored);
    return scp;
  }

  #arrived(stored: Stored): void {
    const isThere = this.#stored.has(stored.path);
    this.#stored.set(stored.path, stored);
    // Sent twice; it is being dealt with.
    if (!isThere) this.#tell({ path: stored.path, by: 'network', study: stored.study });
  }

  #watch(watch: NetworkWork['watch']): void {
    if (watch === null) return;
    const onSettled = (path: string): Promise<void> => {
      this.#tell({ path, by: 'folder', study: null });
      return new Promise((resolve) => this.#handed.set(path, resolve));
    };
    const onTrouble = (error: CodedError) => this.#trouble(error, null);
    const options = { ...watch, settleMs, everyMs: watchEveryMs, onSettled, onTrouble };
    watchFolder(options, new AbortController().signal).catch((error: unknown) =>
      this.#send({ kind: 'failed', error: toCodedError(error) }),
    );
  }

  async #done(path: string): Promise<void> {
    this.#handed.get(path)?.();
    this.#handed.delete(path);
    const stored = this.#stored.get(path);
    this.#stored.delete(path);
    if (stored !== undefined) await this.#spool?.remove(stored);
  }

  #tell(arrival: Arrival): void {
    this.#send({ kind: 'arrived', arrival });
  }

  #trouble(error: CodedError, title: string | null): void {
    this.#send({ kind: 'trouble', error, title });
  }
}

/** Makes this process the one that receives: it listens and watches, opens no image, and holds no key. */
export function serveNetwork(): void {
  const parent = openParentPort<NetworkCommand, NetworkEvent>();
  const network = new Network(parent.send);
  parent.onCommand((command) => void network.handle(command));
  parent.onClose(endAtOnce);
}
