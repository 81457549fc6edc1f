import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CxrError } from '../../../contract/errors.ts';
import type { RemoteEntity } from '../../../contract/network/archive.ts';
import { answerBit, type Command, fields, statuses, writeCommand } from '../../../dicom/network/command.ts';
import { MessageReader } from '../../../dicom/network/message-reader.ts';
import type { AgreedContext } from '../../../dicom/network/negotiate.ts';
import { type ProposedContext, pduLimits } from '../../../dicom/network/pdu.ts';
import { dataPdus, pieceLength } from '../../../dicom/network/write-pdu.ts';
import { abortReasons, networkFault, Peer } from '../peer.ts';
import { trustedBy } from '../trusted-by.ts';

/** Who calls, and how long is waited for each thing, ms. */
export type Caller = {
  /** Our own AE title. */
  readonly title: string;
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
};

const usualWaitMs = 60_000;

/** An association that we began. It ends with `release`, and `await using` breaks one off that was not released. */
export class Association implements AsyncDisposable {
  readonly #peer: Peer;
  readonly #waitMs: number;
  readonly #agreed: ReadonlyMap<number, AgreedContext>;
  readonly #results: ReadonlyMap<number, number>;
  readonly #piece: number;
  readonly #messages = new MessageReader();
  #message = 0;
  #isOver = false;

  private constructor(
    peer: Peer,
    waitMs: number,
    piece: number,
    answers: {
      readonly agreed: ReadonlyMap<number, AgreedContext>;
      readonly results: ReadonlyMap<number, number>;
    },
  ) {
    this.#peer = peer;
    this.#waitMs = waitMs;
    this.#piece = piece;
    this.#agreed = answers.agreed;
    this.#results = answers.results;
  }

  /**
   * Calls and agrees on contexts.
   *
   * @throws CxrError 'network-unreachable', 'network-timeout', 'network-certificate', 'network-refused',
   *         'network-malformed', 'network-too-large', 'cancelled'.
   */
  static async open(
    remote: RemoteEntity,
    caller: Caller,
    contexts: readonly ProposedContext[],
  ): Promise<Association> {
    const { title, waitMs = usualWaitMs, signal } = caller;
    const socket = await connected(remote, waitMs, signal);
    const peer = new Peer(socket, pduLimits.data);
    try {
      const names = { called: remote.title, calling: title };
      await peer.send({ kind: 'associate-request', ...names, contexts, maxLength: pduLimits.data }, waitMs);
      const answer = await peer.next(waitMs, 'association');
      if (answer?.kind === 'associate-reject') {
        const { result, source, reason } = answer.rejection;
        throw new CxrError('network-refused', { reason: 'association', got: [result, source, reason] });
      }
      if (answer?.kind !== 'associate-accept') throw unexpected(answer?.kind);
      const results = new Map(answer.contexts.map(({ id, result }) => [id, result]));
      const agreed = new Map(
        contexts.flatMap(({ id, abstractSyntax }): [number, AgreedContext][] => {
          const found = answer.contexts.find((context) => context.id === id);
          return found?.result === 0 ? [[id, { abstractSyntax, transferSyntax: found.transferSyntax }]] : [];
        }),
      );
      return new Association(peer, waitMs, pieceLength(answer.maxLength), { agreed, results });
    } catch (error) {
      peer.destroy();
      throw signal?.aborted === true ? new CxrError('cancelled') : error;
    }
  }

  /** The context for this kind of object in this syntax. @throws CxrError 'network-refused' when there is none. */
  contextOf(abstractSyntax: string, transferSyntax: string): number {
    for (const [id, agreed] of this.#agreed)
      if (agreed.abstractSyntax === abstractSyntax && agreed.transferSyntax === transferSyntax) return id;
    throw new CxrError('network-refused', {
      reason: 'presentation context',
      got: [...new Set(this.#results.values())],
    });
  }

  /** Asks whether somebody is there. @throws CxrError as `request`. */
  async echo(context: number, sopClass: string): Promise<void> {
    await this.#request(context, { field: fields.echo, sopClass, sopInstance: null, hasData: false }, null);
  }

  /**
   * Sends an object.
   *
   * @param data  its data set, in pieces of any length.
   * @returns     the status with which it was answered.
   * @throws      CxrError as `request`.
   */
  async store(
    context: number,
    names: { readonly sopClass: string; readonly sopInstance: string },
    data: AsyncIterable<Uint8Array>,
  ): Promise<number> {
    return this.#request(context, { field: fields.store, ...names, hasData: true }, data);
  }

  /** Ends the association as it should end. */
  async release(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#peer.send({ kind: 'release-request' }, this.#waitMs);
    await this.#peer.next(this.#waitMs, 'release');
    this.#peer.finish(null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#peer.abort(abortReasons.unexpectedPdu);
    this.#isOver = true;
  }

  async #request(
    context: number,
    part: Omit<Command, 'message' | 'status'>,
    data: AsyncIterable<Uint8Array> | null,
  ): Promise<number> {
    this.#message = (this.#message % 0xffff) + 1;
    const command = { ...part, message: this.#message, status: null };
    await this.#send(writeCommand(command), { context, isCommand: true }, false);
    if (data !== null) await this.#sendData(context, data);
    const answer = await this.#answer();
    if (answer.message !== this.#message || answer.field !== (command.field | answerBit))
      throw unexpected('answer');
    const status = answer.status ?? statuses.cannotUnderstand;
    if (data === null && status !== statuses.success)
      throw new CxrError('network-status', { protocol: 'DIMSE', status });
    return status;
  }

  /** One piece is kept back, because the last one has to say that it is. */
  async #sendData(context: number, data: AsyncIterable<Uint8Array>): Promise<void> {
    let kept: Uint8Array | null = null;
    for await (const bytes of data) {
      if (bytes.length === 0) continue;
      if (kept !== null) await this.#send(kept, { context, isCommand: false }, true);
      kept = bytes;
    }
    await this.#send(kept ?? new Uint8Array(), { context, isCommand: false }, false);
  }

  async #send(
    bytes: Uint8Array,
    where: { readonly context: number; readonly isCommand: boolean },
    follow: boolean,
  ): Promise<void> {
    for (const pdu of dataPdus(bytes, where, this.#piece, follow)) await this.#peer.send(pdu, this.#waitMs);
  }

  async #answer(): Promise<Command> {
    for (;;) {
      const pdu = await this.#peer.next(this.#waitMs, 'answer');
      if (pdu?.kind !== 'data') throw unexpected(pdu?.kind);
      for (const value of pdu.values) {
        const part = this.#messages.take(value);
        if (part?.kind === 'command') return part.command;
      }
    }
  }
}

const unexpected = (kind: string | undefined): CxrError =>
  kind === undefined || kind === 'abort'
    ? new CxrError('network-unreachable', { reason: kind === undefined ? 'connection lost' : 'aborted' })
    : new CxrError('network-malformed', { part: 'association', reason: `${kind} out of turn` });

function connected({ host, port, tls }: RemoteEntity, waitMs: number, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      tls === null
        ? connect({ host, port })
        : connectTls({
            ...{ host, port, minVersion: 'TLSv1.2', rejectUnauthorized: true },
            ca: trustedBy(tls.trust),
            ...(tls.own === null ? {} : { cert: tls.own.certificate, key: tls.own.key }),
          });
    const end = () => socket.destroy(new CxrError('cancelled'));
    const timer = setTimeout(
      () => socket.destroy(new CxrError('network-timeout', { waiting: 'connection' })),
      waitMs,
    );
    const fail = (error: unknown) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      reject(networkFault(error));
    };
    socket.once('error', fail);
    socket.once(tls === null ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      socket.setNoDelay(true);
      resolve(socket);
    });
    socket.once('close', () => signal?.removeEventListener('abort', end));
    if (signal?.aborted === true) end();
    else signal?.addEventListener('abort', end);
  });
}
