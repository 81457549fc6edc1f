import type { ReaderStep } from '../../contract/ipc/reader.ts';

/** What one file may cost before the reader is ended over it. */
export type ReaderLimits = {
  /** Longest time of each step, ms. A look at a folder is a step `read`. */
  readonly stepMs: Readonly<Record<ReaderStep, number>>;
  /**
   * Longest time without a word from a reader that was asked something and has no file in hand, ms. Its start is in it,
   * and takes a second.
   */
  readonly silentMs: number;
  /** Longest time that a cancelled file stays in hand, ms: others are waiting. */
  readonly cancelledMs: number;
  /** Most memory that the process has in RAM, bytes, without the dropped bytes that it keeps. */
  readonly residentBytes: number;
  /** Largest heap of V8, MiB; more ends the process. */
  readonly heapMiB: number;
  /** How often memory is looked at while a file is in hand, ms. A shorter file is not looked at. */
  readonly lookEveryMs: number;
};

/**
 * The limits of the product. They lie well above what the largest film costs that is accepted, 8192 × 8192 pixels of 16
 * bits. As lossless JPEG 2000, the slowest coding, it took 16 to 27 s on two busy cores and 1.15 GiB at its peak (decision
 * 21).
 */
export const readerLimits: ReaderLimits = {
  stepMs: {
    // 256 MiB, the largest file, from a network share of 20 Mbit/s.
    read: 120_000,
    // No pixels are decoded: this takes milliseconds.
    inspect: 15_000,
    decode: 90_000,
  },
  silentMs: 60_000,
  cancelledMs: 1_000,
  // Three times the largest film, because the film before it may not be collected yet.
  residentBytes: 4 * 2 ** 30,
  // Pixels are not in V8's heap. A data set's elements are, and no file has needed 100 MiB of them.
  heapMiB: 1024,
  lookEveryMs: 200,
};
