import type { CodedError } from '../../contract/errors.ts';
import { type Location, placeOf } from '../../contract/ipc/reader.ts';

/** What a file did to the reader. */
export type Offence = 'reader-crashed' | 'file-too-slow' | 'file-too-costly';

/**
 * Times after which a file is refused. A crash may come from outside, and memory may be another file's, so both get a
 * second chance in a new process. A hang has cost everybody its whole limit of time already.
 */
const mostTimes: Readonly<Record<Offence, number>> = {
  'reader-crashed': 2,
  'file-too-slow': 1,
  'file-too-costly': 2,
};

/** Which files ended the reader, so that they are not tried again by themselves. */
export class CrashRecord {
  readonly #times = new Map<string, number>();
  readonly #verdicts = new Map<string, CodedError>();

  /** @returns why the file is refused from now on; null when it is tried once more. */
  blame(location: Location, offence: Offence): CodedError | null {
    const place = placeOf(location);
    const times = (this.#times.get(place) ?? 0) + 1;
    this.#times.set(place, times);
    if (times < mostTimes[offence]) return null;
    const verdict: CodedError = { code: offence, detail: { times } };
    this.#verdicts.set(place, verdict);
    return verdict;
  }

  /** Why the file is refused; undefined when it is not. */
  verdict(location: Location): CodedError | undefined {
    return this.#verdicts.get(placeOf(location));
  }

  /** Somebody asks for the file again. */
  pardon(location: Location): void {
    const place = placeOf(location);
    this.#times.delete(place);
    this.#verdicts.delete(place);
  }
}
