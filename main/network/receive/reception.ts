import { CxrError, toCodedError } from '../../../contract/errors.ts';
import { joined } from '../../../dicom/dataset/joined.ts';
import { answerTo, type Command, fields, statuses, writeCommand } from '../../../dicom/network/command.ts';
import { fileHead, namesWithin, type ObjectNames, readNames } from '../../../dicom/network/file-head.ts';
import type { MessagePart } from '../../../dicom/network/message-reader.ts';
import type { AgreedContext } from '../../../dicom/network/negotiate.ts';
import { verificationClass } from '../../../dicom/network/storage-classes.ts';
import type { Service } from './service.ts';
import type { Incoming, Stored } from './spool.ts';

/** What is answered to a message, and the object that has been kept with it. */
export type Answer = {
  readonly context: number;
  readonly command: Command;
  readonly status: number;
  readonly stored: Stored | null;
};

/** The bytes of an answer's command. */
export const commandBytes = ({ command, status }: Answer): Uint8Array =>
  writeCommand(answerTo(command, status));

/** A message whose data set is arriving. `status` is set when it is only heard out. */
type Open = {
  readonly context: number;
  readonly command: Command;
  status: number | null;
  incoming: Incoming | null;
  bytes: number;
  head: Uint8Array[];
  headBytes: number;
};

/** Does what the messages of one association ask for: it keeps objects, and answers each message once. */
export class Reception {
  readonly #service: Service;
  readonly #agreed: ReadonlyMap<number, AgreedContext>;
  readonly #caller: string;
  #open: Open | null = null;

  constructor(service: Service, agreed: ReadonlyMap<number, AgreedContext>, caller: string) {
    this.#service = service;
    this.#agreed = agreed;
    this.#caller = caller;
  }

  /** Gives up what has not arrived as a whole. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open?.incoming?.discard();
  }

  /**
   * Takes the next part of a message.
   *
   * @returns the answer, when the message is whole; null before, and where none is wanted.
   * @throws  CxrError 'network-malformed' for a context that was not agreed on, 'network-too-large' for an object.
   */
  async take(part: MessagePart): Promise<Answer | null> {
    if (part.kind === 'data') return this.#data(part.bytes, part.isLast);
    const { context, command } = part;
    const agreed = this.#agreed.get(context);
    if (agreed === undefined)
      throw new CxrError('network-malformed', { part: 'message', reason: 'context', got: context });
    if (command.field === fields.cancel && !command.hasData) return null;
    const open: Open = { context, command, status: null, incoming: null, bytes: 0, head: [], headBytes: 0 };
    open.status = refusalOf(command, agreed);
    if (open.status === null && command.field === fields.store) await this.#begin(open, agreed);
    if (!command.hasData) return { context, command, status: open.status ?? statuses.success, stored: null };
    this.#open = open;
    return null;
  }

  async #begin(open: Open, { transferSyntax }: AgreedContext): Promise<void> {
    const { spool, objects } = this.#service;
    const { sopClass, sopInstance } = open.command;
    if (!objects.allows(this.#caller))
      return this.#giveUp(open, new CxrError('network-too-large', { part: 'objects a minute' }));
    try {
      open.incoming = await spool.begin();
      const origin = { sopClass: sopClass!, sopInstance: sopInstance!, transferSyntax, from: this.#caller };
      await open.incoming.write(fileHead(origin));
    } catch (error) {
      await this.#giveUp(open, error);
    }
  }

  async #data(bytes: Uint8Array, isLast: boolean): Promise<Answer | null> {
    const open = this.#open!;
    open.bytes += bytes.length;
    const { mostObjectBytes } = this.#service;
    // Also where it is only heard out: nobody is listened to without end.
    if (open.bytes > mostObjectBytes)
      throw new CxrError('network-too-large', { part: 'object', expected: mostObjectBytes });
    if (open.incoming !== null && open.status === null) await this.#append(open, open.incoming, bytes);
    if (!isLast) return null;
    this.#open = null;
    const { context, command, incoming } = open;
    const stored = incoming === null || open.status !== null ? null : await this.#keep(open, incoming);
    return { context, command, status: open.status ?? statuses.success, stored };
  }

  async #append(open: Open, incoming: Incoming, bytes: Uint8Array): Promise<void> {
    if (open.headBytes < namesWithin) {
      const head = bytes.slice(0, namesWithin - open.headBytes);
      open.head.push(head);
      open.headBytes += head.length;
    }
    try {
      await incoming.write(bytes);
    } catch (error) {
      await this.#giveUp(open, error);
    }
  }

  /** Keeps an object that has arrived, when it is the one that its command named. */
  async #keep(open: Open, incoming: Incoming): Promise<Stored | null> {
    const { sopClass, sopInstance } = open.command;
    try {
      const { transferSyntax } = this.#agreed.get(open.context)!;
      const names = namesOf(open, transferSyntax);
      if (names.sopClass !== sopClass || names.sopInstance !== sopInstance)
        throw new CxrError('network-malformed', { part: 'object', reason: 'other names than its command' });
      return await incoming.commit({ study: names.study, sopInstance: sopInstance! });
    } catch (error) {
      await this.#giveUp(open, error);
      return null;
    }
  }

  /** Decides how a message is answered that comes to nothing. The association goes on. */
  async #giveUp(open: Open, error: unknown): Promise<void> {
    const coded = toCodedError(error);
    open.status =
      coded.code === 'spool-full' || coded.code === 'network-too-large' || coded.code === 'internal'
        ? statuses.outOfResources
        : coded.code === 'network-malformed'
          ? statuses.mismatch
          : statuses.cannotUnderstand;
    this.#service.onTrouble(coded, this.#caller);
    await open.incoming?.discard();
  }
}

/** Why a message is not done at all; null where it is. */
function refusalOf(command: Command, { abstractSyntax }: AgreedContext): number | null {
  const { field, sopClass, sopInstance, hasData } = command;
  if (field === fields.echo) return abstractSyntax === verificationClass ? null : statuses.unknownClass;
  if (field !== fields.store) return statuses.unknownOperation;
  if (sopClass !== abstractSyntax || abstractSyntax === verificationClass) return statuses.unknownClass;
  return sopInstance === null || !hasData ? statuses.cannotUnderstand : null;
}

function namesOf({ head }: Open, transferSyntax: string): ObjectNames {
  const names = readNames(joined(head), transferSyntax);
  head.length = 0;
  return names;
}
