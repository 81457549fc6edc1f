/**
 * Why an evaluator was not reached, as the network or the system told it. The list is closed, so that no text from
 * outside, such as an address with a password in it, gets into an error.
 */
export const unreachableReasons = [
  /** Nothing listens at the address (ECONNREFUSED). */
  'connection refused',
  /** No address is known for the name (ENOTFOUND, EAI_AGAIN). */
  'name not found',
  /** Nobody answered in time (ETIMEDOUT and the connector's own limits). */
  'timeout',
  /** The connection was cut before the reply was whole (ECONNRESET, EPIPE). */
  'connection lost',
  /** The network knows no way there (EHOSTUNREACH, ENETUNREACH). */
  'no route',
  /** TLS could not be agreed on, as when a server speaks plain HTTP. A certificate has a code of its own. */
  'tls',
  /** Something in front of the evaluator answered 502, 503 or 504 in its place. */
  'gateway',
  /** The process of an evaluator on this machine could not be started. */
  'not started',
  /** The process of an evaluator on this machine ended. */
  'ended',
  /** The process of an evaluator on this machine did not listen in time. */
  'silent',
  'other',
] as const;

/** One reason of the list. */
export type UnreachableReason = (typeof unreachableReasons)[number];
