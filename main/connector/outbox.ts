import { join } from 'node:path';
import { z } from 'zod';
import { costSchema } from '../../contract/cost.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import { jobIdSchema } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { EncryptedLatent, EncryptedLogits } from '../../contract/stages.ts';
import { decodeFrameHeader, frameDigest } from '../../he/wire/frame.ts';
import { KeptBytes } from './kept-bytes.ts';

const doneSchema = z.object({ jobId: jobIdSchema, cost: costSchema, evaluateMs: z.number().nonnegative() });
/** What the evaluator replied to a question: the job that computed it, what that cost, and the encrypted result. */
export type Reply = z.infer<typeof doneSchema> & { readonly answer: EncryptedLogits };
/** A question that was asked before, with the reply where it has come. */
export type Asked = { readonly question: EncryptedLatent; readonly reply: Reply | null };

const keptMs = 7 * 24 * 3_600_000;

/**
 * The questions that are under way, and the replies that have come, until they are decrypted. They are kept on disk, so
 * that after a crash or a restart the same frame is sent again. The evaluator answers the same frame with the job that
 * it has for it, so that nothing is lost and nothing is computed twice. A reply that has come is decrypted from the disk,
 * without another word to the evaluator.
 *
 * All of it is ciphertext under this workstation's key. A disk that is full costs the way back after a crash, and not the
 * analysis.
 */
export class Outbox {
  readonly #kept: KeptBytes | null;

  /** @param folder  null where keys end with the process: what they encrypted could not be read again. */
  constructor(folder: string | null) {
    this.#kept = folder === null ? null : new KeptBytes(join(folder, 'outbox'));
    this.#kept?.sweep(keptMs);
  }

  /** Keeps a question, before it is sent. @returns whether a later run will find it. */
  keep({ digest, frame }: EncryptedLatent): boolean {
    return this.#put(questionName(digest), frame);
  }

  /** Keeps the reply to a question, before it is decrypted. @returns whether a later run will find it. */
  keepReply(question: Digest, { answer, ...done }: Reply): boolean {
    const head = Buffer.from(`${JSON.stringify(doneSchema.parse(done))}\n`, 'utf8');
    return this.#put(replyName(question), Buffer.concat([head, answer.frame]));
  }

  /**
   * Finds what was asked under a digest. Only a question for the keys in use is found; no other could be decrypted.
   *
   * @param key  the evaluation keys in use.
   */
  find(digest: Digest, key: KeyId): Asked | null {
    const frame = this.#kept?.get(questionName(digest)) ?? null;
    if (frame === null || frameDigest(frame) !== digest || subjectOf(frame) !== key) return null;
    return { question: { frame, digest }, reply: readReply(this.#kept!.get(replyName(digest))) };
  }

  /** Forgets a question that has ended, one way or the other. */
  settle(digest: Digest): void {
    this.#kept?.remove(questionName(digest));
    this.#kept?.remove(replyName(digest));
  }

  #put(name: string, bytes: Uint8Array): boolean {
    if (this.#kept === null) return false;
    try {
      this.#kept.put(name, bytes);
      return true;
    } catch {
      // A full or read-only disk. The analysis goes on without a way back.
      return false;
    }
  }
}

const questionName = (digest: Digest): string => `${digest}.question`;
const replyName = (question: Digest): string => `${question}.reply`;

const subjectOf = (frame: Uint8Array): Digest => decodeFrameHeader(frame, 'input', frame.length).subject;

function readReply(bytes: Uint8Array | null): Reply | null {
  if (bytes === null) return null;
  const end = bytes.indexOf(0x0a);
  const head = Buffer.from(bytes.subarray(0, end)).toString('utf8');
  return { ...doneSchema.parse(JSON.parse(head)), answer: { frame: bytes.subarray(end + 1) } };
}
