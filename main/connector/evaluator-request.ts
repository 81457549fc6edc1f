import { CxrError, type ErrorCode } from '../../contract/errors.ts';
import { mediaTypes, problemSchema } from '../../contract/protocol.ts';
import type { UnreachableReason } from '../../contract/unreachable.ts';
import type { Route } from './evaluator-route.ts';
import { ExchangeError } from './exchange-error.ts';
import { Patience, type RetryPolicy } from './patience.ts';

/** One HTTP exchange with the evaluator: a request and its reply. Every exchange of the connector is safe to repeat. */
export type Exchange = {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  readonly url: string;
  readonly route: Route;
  readonly contentType?: string;
  /** Further headers of this request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes the body, anew for every attempt. */
  readonly body?: () => Uint8Array | ReadableStream<Uint8Array>;
  readonly bodyBytes?: number;
  /** The largest reply body that is read, bytes. */
  readonly maxReplyBytes: number;
  /** The code with which a larger reply is refused. */
  readonly oversized?: ErrorCode;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Statuses that count as answers although they are not 2xx. */
  readonly answers?: readonly number[];
};
/** The reply to an exchange: its HTTP status, its headers and its whole body. */
export type Reply = { readonly status: number; readonly headers: Headers; readonly body: Uint8Array };

/** Largest refusal that is read. */
const maxProblemBytes = 16 * 1024;
/**
 * Performs an exchange. It repeats it after network errors and after refusals that may pass (429, 502, 503, 504). The
 * pauses between are random, so that many workstations do not come back at the same moment.
 *
 * @param onReceived  told the number of bytes of every piece that arrives.
 * @throws            CxrError the evaluator's code, `evaluator-unreachable`, `evaluator-certificate`,
 *                    `evaluator-proxy`, `evaluator-unauthorised`, `evaluator-protocol`, `cancelled`.
 */
export async function exchange(
  asked: Exchange,
  retry: RetryPolicy,
  onReceived: (bytes: number) => void,
): Promise<Reply> {
  const patience = new Patience(retry, asked.signal);
  for (;;) {
    try {
      return await attemptOnce(asked, onReceived);
    } catch (error) {
      await patience.afterFailure(error);
    }
  }
}

async function attemptOnce(asked: Exchange, onReceived: (bytes: number) => void): Promise<Reply> {
  if (asked.signal?.aborted) throw new CxrError('cancelled');
  const timeout = AbortSignal.timeout(asked.timeoutMs);
  try {
    const response = await asked.route.fetch(asked.url, {
      method: asked.method,
      headers: headersOf(asked),
      // A redirect could send keys and ciphertexts to somebody else.
      redirect: 'manual',
      signal: asked.signal === undefined ? timeout : AbortSignal.any([asked.signal, timeout]),
      ...(asked.body === undefined
        ? {}
        : { body: asked.body() as NonNullable<RequestInit['body']>, duplex: 'half' }),
    });
    const isAnswer = response.ok || (asked.answers ?? []).includes(response.status);
    if (!isAnswer) throw await refusalOf(response, asked.route, onReceived);
    const oversized = asked.oversized ?? 'evaluator-protocol';
    return {
      status: response.status,
      headers: response.headers,
      body: await readLimited(response, asked.maxReplyBytes, oversized, onReceived),
    };
  } catch (error) {
    if (error instanceof CxrError) throw error;
    if (asked.signal?.aborted) throw new CxrError('cancelled');
    throw unreached(error, asked.route);
  }
}

/**
 * Finds out why no reply came. A certificate that nobody vouches for and a proxy that refuses do not heal with time, so
 * that they are not retried.
 */
function unreached(error: unknown, { proxied }: Route): CxrError {
  const reasons = causesOf(error);
  const certificate = reasons.find(({ code }) => certificateProblem.test(code));
  if (certificate !== undefined)
    return new CxrError('evaluator-certificate', { reason: certificate.code }, { cause: error });
  const proxy = reasons.find(({ message }) => proxyRefusal.test(message));
  if (proxy !== undefined) {
    const status = Number(proxyRefusal.exec(proxy.message)![1]);
    return new CxrError('evaluator-proxy', { status }, { cause: error });
  }
  return new ExchangeError('evaluator-unreachable', { reason: reasonOf(reasons), proxied, cause: error });
}

/** The codes and names of Node.js and undici for each reason, the first that fits. */
const networkCodes: readonly (readonly [RegExp, UnreachableReason])[] = [
  [/^ECONNREFUSED$/, 'connection refused'],
  [/^(ENOTFOUND|EAI_\w+)$/, 'name not found'],
  [/^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)$/, 'no route'],
  [/^(ETIMEDOUT|UND_ERR_\w*TIMEOUT|TimeoutError)$/, 'timeout'],
  [/^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/, 'tls'],
  [/^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET|UND_ERR_REQ_CONTENT_LENGTH_MISMATCH)$/, 'connection lost'],
];

function reasonOf(causes: readonly Cause[]): UnreachableReason {
  for (const [pattern, reason] of networkCodes)
    if (causes.some(({ code, name }) => pattern.test(code) || pattern.test(name))) return reason;
  return 'other';
}

/** Codes of Node.js for certificates, of OpenSSL and of BoringSSL. */
const certificateProblem = /CERT|SIGNATURE|ISSUER|ALTNAME|SELF_SIGNED/;
const proxyRefusal = /Proxy response \((\d{3})\)/;

type Cause = { readonly code: string; readonly name: string; readonly message: string };

function causesOf(error: unknown): Cause[] {
  const found: Cause[] = [];
  let cause = error;
  for (let depth = 0; depth < 5 && cause instanceof Error; depth += 1) {
    const code = String((cause as NodeJS.ErrnoException).code ?? '');
    found.push({ code, name: cause.name, message: cause.message });
    cause = cause.cause;
  }
  return found;
}

function headersOf(asked: Exchange): Record<string, string> {
  return {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'cipherfilm',
    ...asked.route.headers,
    ...asked.headers,
    ...(asked.contentType === undefined ? {} : { 'content-type': asked.contentType }),
    ...(asked.bodyBytes === undefined ? {} : { 'content-length': String(asked.bodyBytes) }),
  };
}

async function refusalOf(
  response: Response,
  { proxied }: Route,
  onReceived: (bytes: number) => void,
): Promise<ExchangeError> {
  const { status } = response;
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
  const type = response.headers.get('content-type') ?? '';
  const bytes = await readLimited(response, maxProblemBytes, 'evaluator-protocol', onReceived);
  const parsed = type.startsWith(mediaTypes.problem) ? problemSchema.safeParse(parseJson(bytes)) : null;
  if (parsed?.success && parsed.data.status === status) {
    return new ExchangeError(parsed.data.code, { status, retryAfterMs, problem: parsed.data });
  }
  if (status === 413) return new ExchangeError('evaluator-body-limit', { status });
  // What stands in front of an evaluator answers in its own words.
  if ([502, 503, 504].includes(status))
    return new ExchangeError('evaluator-unreachable', { reason: 'gateway', status, retryAfterMs, proxied });
  return new ExchangeError([401, 403].includes(status) ? 'evaluator-unauthorised' : 'evaluator-protocol', {
    status,
    retryAfterMs,
  });
}

/** Reads a body of at most `maxBytes`. A body that is announced as larger is not read at all. */
async function readLimited(
  response: Response,
  maxBytes: number,
  oversized: ErrorCode,
  onReceived: (bytes: number) => void,
): Promise<Uint8Array> {
  const announced = Number(response.headers.get('content-length') ?? 0);
  const refuse = async (got: number) => {
    await response.body?.cancel().catch(() => {});
    throw new CxrError(oversized, { got, expected: maxBytes });
  };
  // The reply to HEAD announces a body that never comes.
  if (response.body === null) return new Uint8Array(0);
  if (announced > maxBytes) await refuse(announced);
  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader = response.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    received += next.value.length;
    onReceived(next.value.length);
    if (received > maxBytes) {
      await reader.cancel().catch(() => {});
      throw new CxrError(oversized, { got: received, expected: maxBytes });
    }
    chunks.push(next.value);
  }
  return Buffer.concat(chunks);
}

/** Parses bytes as JSON in UTF-8. It returns undefined for bytes that are not. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
