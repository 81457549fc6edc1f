import { randomUUID } from 'node:crypto';
import { type CodedError, CxrError } from '../../contract/errors.ts';
import type {
  ReaderCommand,
  ReaderEvent,
  ReaderReply,
  ReaderRequest,
  Scanned,
} from '../../contract/ipc/reader.ts';

/** The part of Electron's UtilityProcess that the host uses, so that tests can stand in for it. */
export type ReaderProcess = {
  postMessage(message: ReaderCommand): void;
  on(event: 'message', listener: (message: ReaderEvent) => void): unknown;
  once(event: 'exit', listener: (code: number) => void): unknown;
  kill(): boolean;
};

type Pending = {
  readonly settle: PromiseWithResolvers<unknown>;
  readonly onScanned: (scanned: readonly Scanned[]) => void;
};

/**
 * Owns the reader process, started when first needed and again after it died: what it was doing then is refused with
 * 'reader-crashed'.
 */
export class ReaderHost {
  readonly #fork: () => ReaderProcess;
  readonly #pending = new Map<string, Pending>();
  #child: ReaderProcess | null = null;
  #disposed = false;

  constructor(fork: () => ReaderProcess) {
    this.#fork = fork;
  }

  /** @throws CxrError what the reader refused with, 'reader-crashed', 'cancelled'. */
  request<R extends ReaderRequest>(
    request: R,
    { onScanned = () => {} }: { readonly onScanned?: Pending['onScanned'] } = {},
  ): Promise<ReaderReply[R['kind']]> {
    if (this.#disposed) return Promise.reject(new CxrError('cancelled'));
    const id = randomUUID();
    const settle = Promise.withResolvers<unknown>();
    this.#pending.set(id, { settle, onScanned });
    this.#running().postMessage({ kind: 'request', id, request });
    return settle.promise as Promise<ReaderReply[R['kind']]>;
  }

  dispose(): void {
    this.#disposed = true;
    this.#child?.kill();
    this.#failAll({ code: 'cancelled', detail: {} });
  }

  #running(): ReaderProcess {
    if (this.#child !== null) return this.#child;
    const child = this.#fork();
    this.#child = child;
    child.on('message', (event) => {
      if (this.#child === child) this.#hear(event);
    });
    child.once('exit', () => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#failAll({ code: 'reader-crashed', detail: {} });
    });
    return child;
  }

  #hear(event: ReaderEvent): void {
    const pending = this.#pending.get(event.id);
    if (pending === undefined) return;
    if (event.kind === 'scanned') {
      pending.onScanned(event.scanned);
      return;
    }
    this.#pending.delete(event.id);
    if (event.kind === 'reply') pending.settle.resolve(event.value);
    else pending.settle.reject(new CxrError(event.error.code, event.error.detail));
  }

  #failAll({ code, detail }: CodedError): void {
    for (const { settle } of this.#pending.values()) settle.reject(new CxrError(code, detail));
    this.#pending.clear();
  }
}
