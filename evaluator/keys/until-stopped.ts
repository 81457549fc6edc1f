import { CxrError } from '../../contract/errors.ts';

/** The chunks until `signal` aborts. @throws CxrError `frame-truncated` then, also while a chunk is waited for. */
export async function* untilStopped(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  stopped.catch(() => {});
  const stop = () => reject(new CxrError('frame-truncated'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), stopped]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    // Not waited for: a source that stands still ends when its connection is cut.
    void iterator.return?.().catch(() => {});
  }
}
