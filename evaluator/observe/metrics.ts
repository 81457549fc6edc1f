import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Log, LogEvent, LogFields } from './log.ts';

/** What is measured at the moment when somebody asks. */
export type Measured = {
  /** Jobs that wait, and how long the first of them has waited, seconds. */
  readonly queued: number;
  readonly oldestSeconds: number;
  readonly running: number;
  readonly keys: number;
  readonly keyBytes: number;
};

const prefix = 'cipherfilm_evaluator_';
const seconds = [0.005, 0.02, 0.1, 0.5, 1, 2, 4, 8, 16, 32, 64, 128];

/**
 * The evaluator's numbers for Prometheus. What happens is counted from the events of the log, which hold no client's data;
 * labels are patterns of routes, states and codes, so that their number is bounded.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters: Readonly<Partial<Record<LogEvent, (fields: LogFields) => void>>>;

  constructor() {
    collectDefaultMetrics({ register: this.#registry, prefix });
    const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
      new Counter({ name: prefix + name, help, labelNames: [...labelNames], registers: [this.#registry] });
    const histogram = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
      new Histogram({
        ...{ name: prefix + name, help, labelNames: [...labelNames] },
        ...{ buckets: seconds, registers: [this.#registry] },
      });
    const requests = histogram('request_seconds', 'Time of requests by route', ['method', 'route', 'status']);
    const jobs = counter('jobs_total', 'Changes of jobs by state and code', ['state', 'code']);
    const evaluations = histogram('evaluate_seconds', 'Time of evaluations');
    const evicted = counter('keys_evicted_total', 'Evaluation keys that made room');
    const refused = counter('keys_refused_total', 'Evaluation keys that were none');
    const loaded = counter('keys_loaded_total', 'Jobs before which keys were loaded');
    const damaged = counter('damaged_total', 'Damaged files that were found', ['kind']);
    const lost = counter('workers_lost_total', 'Workers that ended by themselves');
    this.#counters = {
      request: ({ method = '', route = '', status = 0, ms = 0 }) =>
        requests.observe({ method, route, status }, ms / 1_000),
      job: ({ state = '', code = '', ms }) => {
        jobs.inc({ state, code });
        if (state === 'done' && ms !== undefined) evaluations.observe(ms / 1_000);
      },
      'key-evicted': () => evicted.inc(),
      'key-refused': () => refused.inc(),
      'keys-loaded': () => loaded.inc(),
      damaged: ({ kind = '' }) => damaged.inc({ kind }),
      'worker-lost': () => lost.inc(),
    };
  }

  /** A log that counts what it is told and passes it on. */
  counting(log: Log): Log {
    return (event, fields = {}) => {
      this.#counters[event]?.(fields);
      log(event, fields);
    };
  }

  /** Has what is measured on request come from here. Called once, when the parts are there. */
  measure(look: () => Measured): void {
    const gauge = (name: string, help: string, of: keyof Measured) =>
      new Gauge({
        ...{ name: prefix + name, help, registers: [this.#registry] },
        collect() {
          this.set(look()[of]);
        },
      });
    gauge('jobs_queued', 'Jobs that wait', 'queued');
    gauge('jobs_oldest_seconds', 'How long the job that waits longest has waited', 'oldestSeconds');
    gauge('jobs_running', 'Jobs that run', 'running');
    gauge('keys_stored', 'Evaluation keys that are stored', 'keys');
    gauge('keys_bytes', 'Bytes of the evaluation keys that are stored', 'keyBytes');
  }

  /** The text that Prometheus reads, and its media type. */
  async text(): Promise<{ readonly type: string; readonly text: string }> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
