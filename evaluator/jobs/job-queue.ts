import type { JobId } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { Tenant } from '../tenants/tenant.ts';

/** Tells whether a job that needs these evaluation keys could start without loading them. */
export type IsReady = (key: KeyId) => boolean;
/** Whose job it is: a tenant, and the workstation of that tenant that has these keys. */
export type Client = { readonly tenant: Tenant; readonly key: KeyId };

/**
 * The jobs that wait. Tenants take turns, and so do the keys of each tenant, so that nobody waits longer because somebody
 * else has sent many. Which job is next is decided here and nowhere else.
 *
 * A second implementation, such as a work queue of a message broker, guarantees the following. `describeJobQueue` of
 * test/evaluator/jobs/job-queue-contract.ts checks it.
 *
 * - **Order.** The jobs of one client are given in the order in which they came. The client whose last turn is longest ago
 *   is next. One may be passed by others, without reason or to save the loading of keys, a bounded number of times only.
 * - **Atomicity.** Each job is given by one `take` only, also when several are under way; one that was removed is not
 *   given.
 * - **Durability.** None: the job records are what lasts. `Jobs` adds every unended job again when it opens, oldest
 *   first, so a queue that does last must take a job that it has already without doubling it.
 * - **Deletion.** `take` and `remove` delete; nothing expires by itself.
 */
export interface JobQueue {
  /** Appends a job to those of its client. A job that waits already keeps its place. */
  add(id: JobId, client: Client): Promise<void>;
  /** Takes out the job that is to start now, undefined when none waits. */
  take(isReady: IsReady): Promise<JobId | undefined>;
  /** Takes a job out that is not to run any more. Nothing happens for one that does not wait. */
  remove(id: JobId): Promise<void>;
  /** How many jobs are likely to start before this one; for one that is not here, how many wait in all. */
  ahead(id: JobId): Promise<number>;
}

/** Loading another client's keys takes a good part of an evaluation: so many jobs may go first to save it. */
const mostPassed = 3;

/** The jobs of one client, in the order in which they came. */
type Line = { readonly client: Client; readonly ids: JobId[] };

/** The queue of one process. A client whose keys are loaded may pass the one whose turn it is, three times in a row. */
export class MemoryQueue implements JobQueue {
  /** By tenant, then by key; whoever had a turn moves to the end. */
  readonly #tenants = new Map<Tenant, Map<KeyId, Line>>();
  /** Jobs taken since the client in turn could have been. */
  #passed = 0;

  async add(id: JobId, client: Client): Promise<void> {
    if (this.#lineOf(id) !== undefined) return;
    const lines = this.#tenants.get(client.tenant) ?? new Map<KeyId, Line>();
    const line = lines.get(client.key) ?? { client, ids: [] };
    line.ids.push(id);
    this.#tenants.set(client.tenant, lines.set(client.key, line));
  }

  async take(isReady: IsReady): Promise<JobId | undefined> {
    const turns = this.#lines();
    const ready = turns.find(({ client }) => isReady(client.key));
    const mayPass = ready !== undefined && ready !== turns[0] && this.#passed < mostPassed;
    this.#passed = mayPass ? this.#passed + 1 : 0;
    const line = mayPass ? ready : turns[0];
    const id = line?.ids.shift();
    if (line !== undefined) this.#endTurn(line);
    return id;
  }

  async remove(id: JobId): Promise<void> {
    const line = this.#lineOf(id);
    if (line === undefined) return;
    line.ids.splice(line.ids.indexOf(id), 1);
    if (line.ids.length === 0) this.#drop(line);
  }

  async ahead(id: JobId): Promise<number> {
    const turns = this.#lines();
    const own = turns.findIndex(({ ids }) => ids.includes(id));
    if (own < 0) return turns.reduce((sum, { ids }) => sum + ids.length, 0);
    const before = turns[own]!.ids.indexOf(id);
    // Every other client has as many turns as this one has jobs before, and one more where it is earlier in turn.
    const others = turns.map(({ ids }, index) =>
      index === own ? 0 : Math.min(ids.length, before + (index < own ? 1 : 0)),
    );
    return others.reduce((sum, count) => sum + count, before);
  }

  /** Every line, in the order of turns: one of each tenant, then the second of each, and so on. */
  #lines(): Line[] {
    const perTenant = [...this.#tenants.values()].map((lines) => [...lines.values()]);
    const rounds = Math.max(0, ...perTenant.map(({ length }) => length));
    return Array.from({ length: rounds }, (_, round) =>
      perTenant.flatMap((lines) => lines[round] ?? []),
    ).flat();
  }

  #lineOf(id: JobId): Line | undefined {
    return this.#lines().find(({ ids }) => ids.includes(id));
  }

  #endTurn(line: Line): void {
    const { tenant, key } = line.client;
    const lines = this.#drop(line);
    if (line.ids.length > 0) lines.set(key, line);
    this.#tenants.delete(tenant);
    if (lines.size > 0) this.#tenants.set(tenant, lines);
  }

  #drop({ client: { tenant, key } }: Line): Map<KeyId, Line> {
    const lines = this.#tenants.get(tenant) ?? new Map<KeyId, Line>();
    lines.delete(key);
    if (lines.size === 0) this.#tenants.delete(tenant);
    return lines;
  }
}
