import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readiness } from '../../contract/protocol.ts';
import { verifyServerHalf } from '../../native-models/bundle.ts';
import type { Bundles } from '../bundles.ts';
import { unfinishedPath, writeAtomically } from '../store/atomic-write.ts';

/** What readiness is asked of. */
export type ReadinessParts = {
  readonly bundles: Bundles;
  readonly dataFolder: string;
  /** Whether a worker has opened a bundle. */
  readonly hasWorker: () => boolean;
  /** Whether jobs are accepted: false once the evaluator is asked to stop. */
  readonly isAccepting: () => boolean;
};

/** With less free space, uploads and results would soon be refused, bytes. */
const leastFreeBytes = 256 * 1024 ** 2;
/** Files are read and written once in this time, however often somebody asks. */
const lookEveryMs = 5_000;

/** Answers whether this evaluator can do a job from its beginning to its end, for whoever sends jobs to several of them. */
export class ReadinessCheck {
  readonly #parts: ReadinessParts;
  #looked: { readonly at: number; readonly found: Promise<Pick<Readiness, 'weights' | 'disk'>> } | null =
    null;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  async ask(): Promise<Readiness> {
    const { weights, disk } = await this.#look();
    const [worker, accepting] = [this.#parts.hasWorker(), this.#parts.isAccepting()];
    return { ready: weights && disk && worker && accepting, weights, disk, worker, accepting };
  }

  #look(): Promise<Pick<Readiness, 'weights' | 'disk'>> {
    const now = performance.now();
    if (this.#looked === null || now - this.#looked.at > lookEveryMs)
      this.#looked = { at: now, found: lookAt(this.#parts) };
    return this.#looked.found;
  }
}

async function lookAt({ bundles, dataFolder }: ReadinessParts): Promise<Pick<Readiness, 'weights' | 'disk'>> {
  const verified = [...bundles.values()].map(({ folder, description }) =>
    verifyServerHalf(folder, description),
  );
  const [weights, disk] = await Promise.all([succeeds(Promise.all(verified)), succeeds(useDisk(dataFolder))]);
  return { weights, disk };
}

/** @throws RangeError for too little room; the system's error where nothing can be written. */
async function useDisk(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < leastFreeBytes) throw new RangeError('the disk has too little room');
  const path = unfinishedPath(join(folder, 'ready'));
  await writeAtomically(path, 'x');
  await rm(path, { force: true });
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );
