import type { Socket } from 'node:net';
import { CxrError, toCodedError } from '../../../contract/errors.ts';

import { MessageReader } from '../../../dicom/network/message-reader.ts';
import { type AgreedContext, negotiate } from '../../../dicom/network/negotiate.ts';
import { type AssociateRequest, pduLimits, rejections } from '../../../dicom/network/pdu.ts';
import { dataPdus, pieceLength } from '../../../dicom/network/write-pdu.ts';
import { abortReasons, Peer } from '../peer.ts';
import { commandBytes, Reception } from './reception.ts';
import type { Service } from './service.ts';

/** Serves one connection to its end. It never throws: what goes wrong is told to `onTrouble`. */
export async function serveAssociation(socket: Socket, service: Service): Promise<void> {
  const peer = new Peer(socket, pduLimits.data);
  const association = new Association(peer, service);
  try {
    await association.serve();
  } catch (error) {
    const coded = toCodedError(error);
    service.onTrouble(coded, association.caller);
    const isMalformed = coded.code === 'network-malformed' || coded.code === 'network-too-large';
    if (isMalformed) peer.abort(abortReasons.invalidValue);
    else peer.destroy();
  }
}

class Association {
  readonly #peer: Peer;
  readonly #service: Service;
  /** The AE title of the other side, once it is known to be one that may call. */
  caller: string | null = null;

  constructor(peer: Peer, service: Service) {
    this.#peer = peer;
    this.#service = service;
  }

  async serve(): Promise<void> {
    const { artimMs } = this.#service.patience;
    const first = await this.#peer.next(artimMs, 'association');
    if (first === null) return;
    if (first.kind === 'abort') return this.#peer.finish(null, artimMs);
    if (first.kind !== 'associate-request') return this.#peer.abort(abortReasons.unexpectedPdu);
    const leave = this.#service.enter();
    try {
      await this.#begin(first, leave !== null);
    } finally {
      leave?.();
    }
  }

  async #begin(request: AssociateRequest, isFree: boolean): Promise<void> {
    const { admission, patience, onTrouble } = this.#service;
    const answer = negotiate(request, admission);
    const rejection = 'rejection' in answer ? answer.rejection : isFree ? null : rejections.busy;
    if (rejection !== null || 'rejection' in answer) {
      const { result, source, reason } = rejection ?? rejections.busy;
      onTrouble(
        { code: 'network-refused', detail: { reason: 'association', got: [result, source, reason] } },
        null,
      );
      const pdu = { kind: 'associate-reject', rejection: { result, source, reason } } as const;
      return this.#peer.finish(pdu, patience.artimMs);
    }
    this.caller = request.calling;
    const { called, calling, maxLength } = request;
    await this.#peer.send(
      { kind: 'associate-accept', called, calling, contexts: answer.answers, maxLength: pduLimits.data },
      patience.artimMs,
    );
    await this.#converse(request.calling, answer.agreed, pieceLength(maxLength));
  }

  async #converse(caller: string, agreed: ReadonlyMap<number, AgreedContext>, piece: number): Promise<void> {
    const { idleMs, artimMs } = this.#service.patience;
    const messages = new MessageReader();
    await using reception = new Reception(this.#service, agreed, caller);
    for (;;) {
      const pdu = await this.#peer.next(idleMs, 'message');
      if (pdu === null) {
        if (messages.isIdle) return this.#peer.finish(null, artimMs);
        throw new CxrError('network-unreachable', { reason: 'connection lost' });
      }
      if (pdu.kind === 'abort') return this.#peer.finish(null, artimMs);
      if (pdu.kind === 'release-request' && messages.isIdle)
        return this.#peer.finish({ kind: 'release-reply' }, artimMs);
      if (pdu.kind !== 'data') return this.#peer.abort(abortReasons.unexpectedPdu);
      for (const value of pdu.values) {
        const part = messages.take(value);
        const answer = part === null ? null : await reception.take(part);
        if (answer === null) continue;
        const where = { context: answer.context, isCommand: true };
        for (const bytes of dataPdus(commandBytes(answer), where, piece))
          await this.#peer.send(bytes, idleMs);
        if (answer.stored !== null) this.#service.onStored(answer.stored);
      }
    }
  }
}
