import { CxrError, type ErrorCode } from '../../contract/errors.ts';
import type { Problem } from '../../contract/protocol.ts';
import type { UnreachableReason } from '../../contract/unreachable.ts';

/** Statuses of refusals that may pass. */
const passing = [429, 502, 503, 504];

/**
 * A refusal by the evaluator, or the lack of any reply. `retryable` is true when the same request may succeed later.
 */
export class ExchangeError extends CxrError {
  readonly retryable: boolean;
  /** The HTTP status of the refusal. */
  readonly status: number | undefined;
  readonly retryAfterMs: number;
  readonly problem: Problem | null;
  constructor(
    code: ErrorCode,
    given: {
      status?: number;
      reason?: UnreachableReason;
      proxied?: boolean;
      retryAfterMs?: number;
      problem?: Problem;
      cause?: unknown;
    },
  ) {
    const { status, reason, proxied } = given;
    super(
      code,
      {
        ...(reason === undefined ? {} : { reason }),
        ...(status === undefined ? {} : { status }),
        ...(proxied === true ? { proxied } : {}),
      },
      { cause: given.cause },
    );
    this.retryable = given.status === undefined || passing.includes(given.status);
    this.status = given.status;
    this.retryAfterMs = given.retryAfterMs ?? 0;
    this.problem = given.problem ?? null;
  }
}
