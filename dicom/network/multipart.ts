import { CxrError } from '../../contract/errors.ts';

/**
 * A *multipart* body holds several files, its parts, one behind the other. Between them stands a line that the sender has
 * chosen, the boundary, and in front of each stand a few lines that say what it is (RFC 2046 5.1, RFC 2387).
 */
export type MultipartEvent =
  | { readonly kind: 'part'; readonly type: string }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end-of-part' };

/** What is taken of a body at most. */
export const multipartLimits = { parts: 10_000, headerBytes: 8 * 1024, preambleBytes: 64 * 1024 } as const;

/** Finds the boundary in the header Content-Type. @throws CxrError 'network-malformed' when there is none. */
export function boundaryIn(contentType: string): string {
  const found = /^multipart\/related\s*;.*?\bboundary=(?:"([^"]{1,70})"|([\w'()+,./:=?-]{1,70}))/is.exec(
    contentType.slice(0, 1024),
  );
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined) throw malformed('no boundary');
  return boundary;
}

/**
 * Cuts a body into its parts as it arrives. Of a part no more is kept than could be the beginning of a boundary.
 */
export class MultipartReader {
  readonly #delimiter: Buffer;
  /** What has not been passed on yet. It begins with a line's end, so that a boundary at the very beginning is found. */
  #rest: Buffer = Buffer.from('\r\n');
  #state: 'preamble' | 'header' | 'part' | 'end' = 'preamble';
  #skipped = 0;
  #parts = 0;

  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /** Takes the next bytes and yields what they bring. @throws CxrError 'network-malformed', 'network-too-large'. */
  *push(chunk: Uint8Array): Generator<MultipartEvent> {
    if (this.#isOver) return;
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let isMore = true; isMore; ) {
      if (this.#isOver) return;
      if (this.#state === 'header') {
        const event = this.#header();
        isMore = event !== null;
        if (event !== null) yield event;
        continue;
      }
      const isPart = this.#state === 'part';
      const at = this.#rest.indexOf(this.#delimiter);
      const known = at === -1 ? this.#rest.length - this.#delimiter.length + 1 : at;
      if (known > 0) {
        const bytes = this.#rest.subarray(0, known);
        this.#rest = this.#rest.subarray(known);
        if (isPart) yield { kind: 'data', bytes };
        else this.#skip(bytes.length);
      }
      if (at === -1) return;
      isMore = this.#afterDelimiter();
      if (isMore && isPart) yield { kind: 'end-of-part' };
    }
  }

  /** Says that the body is over. @throws CxrError 'network-malformed' when its end was not there yet. */
  finish(): void {
    if (this.#state !== 'end') throw malformed('ends too early');
  }

  get #isOver(): boolean {
    return this.#state === 'end';
  }

  #skip(bytes: number): void {
    this.#skipped += bytes;
    if (this.#skipped > multipartLimits.preambleBytes)
      throw new CxrError('network-too-large', { part: 'body', expected: multipartLimits.preambleBytes });
  }

  /** Behind a boundary stands the end of the line, or two hyphens where nothing follows. False when that is not here yet. */
  #afterDelimiter(): boolean {
    const start = this.#delimiter.length;
    const line = this.#rest.indexOf('\r\n', start);
    if (this.#rest.toString('latin1', start, start + 2) === '--') {
      this.#state = 'end';
      this.#rest = Buffer.alloc(0);
      return true;
    }
    if (line === -1) {
      if (this.#rest.length > start + 128) throw malformed('boundary');
      return false;
    }
    if (this.#rest.toString('latin1', start, line).trim() !== '') throw malformed('boundary');
    this.#parts += 1;
    if (this.#parts > multipartLimits.parts)
      throw new CxrError('network-too-large', { part: 'parts', expected: multipartLimits.parts });
    // The line's end stays: a part without headers begins with an empty line.
    this.#rest = this.#rest.subarray(line);
    this.#state = 'header';
    return true;
  }

  #header(): MultipartEvent | null {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end === -1 || end > multipartLimits.headerBytes) {
      if (this.#rest.length > multipartLimits.headerBytes)
        throw new CxrError('network-too-large', {
          part: 'header of a part',
          expected: multipartLimits.headerBytes,
        });
      return null;
    }
    const lines = this.#rest.toString('latin1', 0, end).split('\r\n');
    const line = lines.find((one) => /^content-type:/i.test(one)) ?? '';
    // The empty line's end stays: an empty part has nothing between it and the next boundary.
    this.#rest = this.#rest.subarray(end + 4);
    this.#state = 'part';
    return {
      kind: 'part',
      type: line
        .slice(line.indexOf(':') + 1)
        .trim()
        .toLowerCase(),
    };
  }
}

const malformed = (reason: string): CxrError =>
  new CxrError('network-malformed', { part: 'multipart', reason });

/** What stands in front of a single part of a body, and behind it. */
export function multipartAround(boundary: string, type: string): { head: Uint8Array; tail: Uint8Array } {
  return {
    head: Buffer.from(`--${boundary}\r\nContent-Type: ${type}\r\n\r\n`, 'latin1'),
    tail: Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'),
  };
}
