import { CxrError, type ErrorCode } from '../../contract/errors.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import { mediaTypes, paths, uploadHeaders } from '../../contract/protocol.ts';
import type { Exchange, Reply } from './evaluator-request.ts';
import { ExchangeError } from './exchange-error.ts';
import { Patience, type RetryPolicy } from './patience.ts';
import { uploadStream } from './upload-stream.ts';

/** An exchange whose way the connector adds. */
export type Asking = Omit<Exchange, 'timeoutMs' | 'route'> & { readonly timeoutMs?: number };
/** Performs an exchange, with the connector's usual patience where none is given. */
export type Ask = (asked: Asking, retry?: RetryPolicy) => Promise<Reply>;

/** What is sent, how, and who hears of it. */
export type Sending = {
  readonly frame: Uint8Array;
  readonly keyId: KeyId;
  /** The time for one piece, ms. */
  readonly timeoutMs: number;
  readonly patient: RetryPolicy;
  /** Told the bytes of every part of a piece that is sent. */
  readonly onSent: (bytes: number) => void;
  /** Told the fraction of the frame that is sent, in [0, 1]. */
  readonly tell: (fraction: number) => void;
  readonly signal: AbortSignal;
};

const mebibyte = 1024 * 1024;
/**
 * What a cut connection had under way is lost, at most a piece: pieces get half as large with every cut. As long as all
 * goes well they double, because every end of one is waited for.
 */
const firstPiece = 2 * mebibyte;
const largestPiece = 4 * mebibyte;
const smallestPiece = mebibyte / 2;
/** Progress by less does not count as such: an evaluator could keep a workstation sending for ever. */
const leastProgress = 64 * 1024;
const maxReplyBytes = 64 * 1024;
/** Refusals after which asking again for the offset helps. */
const elsewhere: readonly ErrorCode[] = ['request-invalid', 'frame-truncated', 'evaluation-key-missing'];
const once: RetryPolicy = { attempts: 1, baseDelayMs: 0, maxDelayMs: 0 };
/** Statuses of an evaluator or a proxy that does not know the request. */
const notKnown: readonly number[] = [404, 405, 501];

/**
 * Sends evaluation keys in pieces, each from where the evaluator has come to. What arrived before a connection was cut is
 * not sent again. Where a proxy refuses the size of a piece, pieces get smaller.
 *
 * @returns false where the evaluator, or a proxy before it, does not know uploads in pieces.
 * @throws  CxrError as `exchange` does.
 */
export async function resumedUpload(ask: Ask, sending: Sending): Promise<boolean> {
  const patience = new Patience(sending.patient, sending.signal);
  const progress = { furthest: 0, pieceBytes: firstPiece, wasDamaged: false };
  const reached = (at: number) => {
    if (at - progress.furthest < leastProgress) return;
    progress.furthest = at;
    patience.renew();
  };
  for (;;) {
    const kept = await keptBytes(ask, sending);
    if (kept === 'unknown') return false;
    if (kept === 'all') return true;
    let at = kept;
    reached(at);
    try {
      for (;;) {
        const end = Math.min(sending.frame.length, at + progress.pieceBytes);
        if (await sendPiece(ask, sending, at, end)) return true;
        at = end;
        progress.pieceBytes = Math.min(largestPiece, progress.pieceBytes * 2);
        reached(at);
      }
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      if (notKnown.includes(error.status ?? 0)) return false;
      await afterCut(error, progress, patience);
    }
  }
}

/** Decides what a failed piece means for the next one, and waits. @throws the error where there is no next one. */
async function afterCut(
  error: ExchangeError,
  progress: { pieceBytes: number; wasDamaged: boolean },
  patience: Patience,
): Promise<void> {
  const isTooLarge = error.code === 'evaluator-body-limit' && progress.pieceBytes > smallestPiece;
  if (isTooLarge || error.problem === null)
    progress.pieceBytes = Math.max(smallestPiece, progress.pieceBytes / 2);
  if (isTooLarge) return;
  if (error.code === 'frame-digest' && !progress.wasDamaged) {
    // What was kept had changed on its disk, and is gone.
    progress.wasDamaged = true;
    return;
  }
  // The kept bytes are not where this side believes, because an earlier connection still sent, or lost on the disk.
  const isElsewhere = elsewhere.includes(error.code);
  const cause = { reason: 'connection lost', cause: error } as const;
  await patience.afterFailure(isElsewhere ? new ExchangeError('evaluator-unreachable', cause) : error);
}

/** How many bytes the evaluator keeps; `all` when it has stored the keys, `unknown` when it does not know the question. */
async function keptBytes(
  ask: Ask,
  { frame, keyId, patient, signal }: Sending,
): Promise<number | 'all' | 'unknown'> {
  const url = paths.upload(keyId);
  const asked = { method: 'HEAD', url, maxReplyBytes: 0, answers: notKnown, signal } as const;
  const { headers } = await ask(asked, patient);
  const offset = headers.get(uploadHeaders.offset);
  if (offset === null) return 'unknown';
  if (headers.get(uploadHeaders.complete) === '?1') return 'all';
  const kept = /^\d{1,15}$/.test(offset) ? Number(offset) : Number.NaN;
  if (!(kept <= frame.length)) throw new CxrError('evaluator-protocol', { field: uploadHeaders.offset });
  return kept;
}

/** Sends the bytes from `at` to `end`. @returns true when the keys are stored by it. */
async function sendPiece(ask: Ask, sending: Sending, at: number, end: number): Promise<boolean> {
  const { frame, keyId, timeoutMs, signal } = sending;
  const piece = frame.subarray(at, end);
  const onPart = (bytes: number, fraction: number) => {
    sending.onSent(bytes);
    sending.tell((at + fraction * piece.length) / frame.length);
  };
  const asked: Asking = {
    method: 'PATCH',
    url: paths.upload(keyId),
    contentType: mediaTypes.keys,
    headers: { [uploadHeaders.offset]: String(at) },
    body: () => (piece.length === 0 ? piece.slice() : uploadStream(piece, onPart)),
    ...{ bodyBytes: piece.length, maxReplyBytes, timeoutMs, signal },
  };
  const { headers, status } = await ask(asked, once);
  if (headers.get(uploadHeaders.complete) === '?1') return true;
  if (end === frame.length || headers.get(uploadHeaders.offset) !== String(end))
    throw new CxrError('evaluator-protocol', { field: uploadHeaders.offset, status });
  return false;
}
