import type { JobId } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';

/** Tells whether a job that needs these evaluation keys could start without loading them. */
export type IsReady = (key: KeyId) => boolean;

/**
 * The jobs that wait, in the order in which they came. Which of them is next is decided here and nowhere else, so that
 * another rule, such as turns between clients, is another implementation.
 *
 * A second implementation, such as a work queue of a message broker, guarantees the following. `describeJobQueue` of
 * test/evaluator/jobs/job-queue-contract.ts checks it.
 *
 * - **Order.** Without a reason to prefer another one, `take` gives the job that has waited longest. A job may be
 *   passed by others a bounded number of times only.
 * - **Atomicity.** Each job is given by one `take` only, also when several are under way; one that was removed is not
 *   given.
 * - **Durability.** None: the job records are what lasts. `Jobs` adds every unended job again when it opens, oldest
 *   first, so a queue that does last must take a job that it has already without doubling it.
 * - **Deletion.** `take` and `remove` delete; nothing expires by itself.
 */
export interface JobQueue {
  /** Appends a job. A job that waits already keeps its place. */
  add(id: JobId, key: KeyId): Promise<void>;
  /** Takes out the job that is to start now, undefined when none waits. */
  take(isReady: IsReady): Promise<JobId | undefined>;
  /** Takes a job out that is not to run any more. Nothing happens for one that does not wait. */
  remove(id: JobId): Promise<void>;
  /** How many jobs wait before this one; for one that is not here, how many wait in all. */
  ahead(id: JobId): Promise<number>;
}

/** Loading another client's keys takes a good part of an evaluation: so many jobs may go first to save it. */
const mostPassed = 3;

/** The queue of one process. The oldest job is next; but one whose keys are loaded may pass it, three times in a row. */
export class MemoryQueue implements JobQueue {
  readonly #waiting: { readonly id: JobId; readonly key: KeyId }[] = [];
  /** Jobs taken since the oldest could have been. */
  #passed = 0;

  async add(id: JobId, key: KeyId): Promise<void> {
    if (this.#indexOf(id) < 0) this.#waiting.push({ id, key });
  }

  async take(isReady: IsReady): Promise<JobId | undefined> {
    const ready = this.#waiting.findIndex(({ key }) => isReady(key));
    const mayPass = ready > 0 && this.#passed < mostPassed;
    this.#passed = mayPass ? this.#passed + 1 : 0;
    return this.#waiting.splice(mayPass ? ready : 0, 1)[0]?.id;
  }

  async remove(id: JobId): Promise<void> {
    const index = this.#indexOf(id);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  async ahead(id: JobId): Promise<number> {
    const index = this.#indexOf(id);
    return index < 0 ? this.#waiting.length : index;
  }

  #indexOf(id: JobId): number {
    return this.#waiting.findIndex((job) => job.id === id);
  }
}
