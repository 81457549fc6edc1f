import { CxrError } from '../../contract/errors.ts';
import { joined } from '../dataset/joined.ts';
import { type Command, commandLimits, readCommand } from './command.ts';
import type { PresentationValue } from './pdu.ts';

/** What happens in an association, as its presentation values arrive. */
export type MessagePart =
  | { readonly kind: 'command'; readonly context: number; readonly command: Command }
  /** A piece of the data set that the last command announced. */
  | { readonly kind: 'data'; readonly bytes: Uint8Array; readonly isLast: boolean };

/**
 * Puts commands together from presentation values, and passes the pieces of data sets on as they come. A data set is never
 * kept here.
 */
export class MessageReader {
  /** The pieces of a command that is not whole yet. */
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  /** The context of a command that is not whole yet; null before its first piece. */
  #context: number | null = null;
  /** The context whose data set is awaited; null while a command is. */
  #dataOf: number | null = null;

  /** True between two messages. */
  get isIdle(): boolean {
    return this.#context === null && this.#dataOf === null;
  }

  /**
   * Takes a presentation value.
   *
   * @returns what it completes or brings; null for a piece of a command.
   * @throws  CxrError 'network-malformed' for one out of turn, and as `readCommand`.
   */
  take({ context, isCommand, isLast, bytes }: PresentationValue): MessagePart | null {
    if (this.#dataOf !== null) {
      if (isCommand || context !== this.#dataOf) throw malformed('out of turn');
      if (isLast) this.#dataOf = null;
      return { kind: 'data', bytes, isLast };
    }
    if (!isCommand || (this.#context !== null && context !== this.#context)) throw malformed('out of turn');
    this.#context = context;
    this.#bytes += bytes.length;
    if (this.#bytes > commandLimits.bytes || this.#pieces.length >= commandLimits.elements)
      throw new CxrError('network-too-large', { part: 'command', expected: commandLimits.bytes });
    // A copy, because the piece is a view of its whole PDU.
    this.#pieces.push(bytes.slice());
    if (!isLast) return null;
    const command = readCommand(joined(this.#pieces));
    [this.#pieces, this.#bytes, this.#context] = [[], 0, null];
    if (command.hasData) this.#dataOf = context;
    return { kind: 'command', context, command };
  }
}

const malformed = (reason: string): CxrError =>
  new CxrError('network-malformed', { part: 'message', reason });
