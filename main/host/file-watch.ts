import type { ReaderEvent } from '../../contract/ipc/reader.ts';
import type { ReaderLimits } from './reader-limits.ts';

/** The file that the reader has in hand. */
export type Held = Omit<Extract<ReaderEvent, { kind: 'holds' }>, 'kind'>;
/**
 * Why the reader is to be ended: over the time, over the memory, because nobody wants the file any more, or because it
 * was asked something and takes no file in hand.
 */
export type Overrun = 'file-too-slow' | 'file-too-costly' | 'cancelled' | 'silent';

export type FileWatchOptions = {
  readonly limits: ReaderLimits;
  /** Bytes that the reader has in RAM beyond those that it keeps on purpose; null where that cannot be told. */
  readonly residentBytes: () => Promise<number | null>;
  readonly over: (why: Overrun) => void;
};

/**
 * Watches the file that the reader has in hand, from outside: a decoder in an endless loop lets no timer of its own
 * process run.
 */
export class FileWatch {
  readonly #options: FileWatchOptions;
  #held: Held | null = null;
  #deadline: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  get held(): Held | null {
    return this.#held;
  }

  /** Begins a file, or its next step. */
  take(held: Held): void {
    this.leave();
    this.#held = held;
    const { stepMs, lookEveryMs } = this.#options.limits;
    this.#arm(stepMs[held.step], 'file-too-slow');
    this.#look = setInterval(() => void this.#lookAtMemory(held), lookEveryMs);
  }

  leave(): void {
    clearTimeout(this.#deadline);
    clearInterval(this.#look);
    this.#held = null;
    this.#calm();
  }

  /** Something is asked: the reader is to take a file in hand in time. */
  expect(): void {
    if (this.#held !== null) return;
    this.#silence ??= setTimeout(() => this.#options.over('silent'), this.#options.limits.silentMs);
  }

  /** The reader is alive, or is asked nothing any more. */
  heard(isAsked: boolean): void {
    this.#calm();
    if (isAsked) this.expect();
  }

  #calm(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }

  /** Nobody wants this file any more. */
  hurry(): void {
    this.#arm(this.#options.limits.cancelledMs, 'cancelled');
  }

  #arm(afterMs: number, why: Overrun): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#options.over(why), afterMs);
  }

  async #lookAtMemory(held: Held): Promise<void> {
    const bytes = await this.#options.residentBytes();
    // The file may be done with meanwhile.
    if (this.#held === held && bytes !== null && bytes > this.#options.limits.residentBytes)
      this.#options.over('file-too-costly');
  }
}
