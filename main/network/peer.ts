import type { Socket } from 'node:net';
import { CxrError } from '../../contract/errors.ts';
import type { Pdu } from '../../dicom/network/pdu.ts';
import { PduReader } from '../../dicom/network/pdu-reader.ts';
import { writePdu } from '../../dicom/network/write-pdu.ts';

/** Who aborted, and why (PS3.8 table 9-26). We always speak as the service provider. */
export const abortReasons = { unexpectedPdu: 2, invalidValue: 6 } as const;
const serviceProvider = 2;

/**
 * The other side of an association. It is never waited for longer than was said, and never more than one of its PDUs is in
 * memory: while one is being dealt with, nothing more is read from the connection.
 */
export class Peer {
  readonly #socket: Socket;
  readonly #reader: PduReader;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #pending: Iterator<Pdu> | null = null;

  constructor(socket: Socket, mostData?: number) {
    this.#socket = socket;
    this.#reader = new PduReader(mostData);
    // Whoever waits hears of it; without a listener it would end the process.
    socket.on('error', () => {});
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /**
   * Waits for the next PDU.
   *
   * @param withinMs  the time until it is there as a whole.
   * @param waiting   what is waited for, in a word.
   * @returns         null when the other side has ended the connection.
   * @throws          CxrError 'network-timeout', 'network-unreachable', and as `PduReader.push`.
   */
  async next(withinMs: number, waiting: string): Promise<Pdu | null> {
    return this.#within(withinMs, waiting, async () => {
      for (;;) {
        const cut = this.#pending?.next();
        if (cut?.done === false) return cut.value;
        this.#pending = null;
        const chunk = await this.#chunks.next();
        if (chunk.done === true) return null;
        this.#pending = this.#reader.push(chunk.value);
      }
    });
  }

  /** Sends a PDU, or the bytes of one. @throws CxrError 'network-timeout', 'network-unreachable'. */
  send(pdu: Pdu | Uint8Array, withinMs: number): Promise<void> {
    const bytes = pdu instanceof Uint8Array ? pdu : writePdu(pdu);
    return this.#within(
      withinMs,
      'delivery',
      () =>
        new Promise((resolve, reject) => {
          this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
        }),
    );
  }

  /** Breaks the association off. */
  abort(reason: number): void {
    this.finish({ kind: 'abort', source: serviceProvider, reason });
  }

  /** Says the last words and gives the other side a moment to hear them (PS3.8 9.1.4, the ARTIM timer). */
  finish(last: Pdu | null, withinMs = 5_000): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    const timer = setTimeout(() => socket.destroy(), withinMs);
    socket.once('close', () => clearTimeout(timer));
    if (last === null) socket.end();
    else socket.end(writePdu(last));
    void this.#hearOut();
  }

  /** Reads to the end, and drops it: the end of what is not read is never seen, and the connection would stay. */
  async #hearOut(): Promise<void> {
    try {
      while ((await this.#chunks.next()).done !== true);
    } catch {
      // It is over all the same.
    }
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  async #within<T>(ms: number, waiting: string, work: () => Promise<T>): Promise<T> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#socket.destroy(new CxrError('network-timeout', { waiting }));
    }, ms);
    try {
      return await work();
    } catch (error) {
      if (isLate) throw new CxrError('network-timeout', { waiting });
      throw networkFault(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

const untrusted =
  /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|ALTNAME|ERR_SSL_TLSV1_ALERT_UNKNOWN_CA|ERR_OSSL|ERR_TLS/;
const cut = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
  'ABORT_ERR',
]);

/** Turns an error of a connection into a coded one. What is coded already, and a defect, come back as they were. */
export function networkFault(error: unknown): unknown {
  if (error instanceof CxrError || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (untrusted.test(code)) return new CxrError('network-certificate', { reason: code }, { cause: error });
  const reason = cut.has(code) ? 'connection lost' : code;
  return new CxrError('network-unreachable', { reason }, { cause: error });
}
