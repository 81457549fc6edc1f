import { randomUUID } from 'node:crypto';
import { type CodedError, CxrError } from '../../../contract/errors.ts';

/** Requests to another process that wait for their answer, each under an id of its own. */
export class Pending<Answer> {
  readonly #waiting = new Map<string, PromiseWithResolvers<Answer>>();

  /** Begins to wait. @returns the id under which the answer will come. */
  begin(): { readonly id: string; readonly answer: Promise<Answer> } {
    const id = randomUUID();
    const settle = Promise.withResolvers<Answer>();
    this.#waiting.set(id, settle);
    return { id, answer: settle.promise };
  }

  /** Takes an answer. One that nobody waits for is ignored. */
  resolve(id: string, answer: Answer): void {
    this.#waiting.get(id)?.resolve(answer);
    this.#waiting.delete(id);
  }

  /** Takes a refusal. */
  reject(id: string, error: CodedError): void {
    this.#waiting.get(id)?.reject(CxrError.from(error));
    this.#waiting.delete(id);
  }

  /** Refuses all that wait: the other process is gone. */
  rejectAll(error: CodedError): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, error);
  }
}

/** A promise whose refusal nobody has to hear. */
export function unhandled<T>(): PromiseWithResolvers<T> {
  const settle = Promise.withResolvers<T>();
  settle.promise.catch(() => {});
  return settle;
}
