import type { EngineEvent } from '../../contract/ipc/engine.ts';
import type { AppStatus } from '../../contract/ipc/window.ts';

/** What is known of the application when it starts. */
export type AppFacts = {
  readonly version: string;
  readonly embedded: boolean;
  readonly keepsWorklist: boolean;
  readonly canRecompute: boolean;
};

/** Keeps what the window is told about the application itself, and brings it up to date with the engine's events. */
export class AppState {
  #status: AppStatus;
  readonly #changed: (status: AppStatus) => void;

  constructor(
    { version, embedded, keepsWorklist, canRecompute }: AppFacts,
    changed: (status: AppStatus) => void,
  ) {
    this.#changed = changed;
    this.#status = {
      version,
      evaluator: { url: '', embedded, ready: false },
      bundle: null,
      problem: null,
      key: { custody: 'memory', ready: false },
      worklist: keepsWorklist ? 'kept' : 'no keychain',
      canRecompute,
    };
  }

  /** The state as it is now. */
  get status(): AppStatus {
    return this.#status;
  }

  /** Notes that another evaluator is in use. It is not ready before the engine says so. */
  evaluatorAt(url: string, embedded: boolean): void {
    this.#set({ evaluator: { url: displayUrl(url), embedded, ready: false } });
  }

  /** Follows the engine's events. Keys live in the engine's memory, so that they are gone when it has stopped. */
  follow(event: EngineEvent | { readonly kind: 'stopped' }): void {
    const { evaluator } = this.#status;
    const key = { custody: 'memory', ready: event.kind === 'key-ready' } as const;
    if (event.kind === 'ready') {
      this.#set({ bundle: event.bundle, problem: null, evaluator: { ...evaluator, ready: true } });
    }
    if (event.kind === 'key-ready') this.#set({ key });
    if (event.kind === 'unusable') {
      this.#set({ problem: event.error, evaluator: { ...evaluator, ready: false } });
    }
    if (event.kind === 'stopped') this.#set({ key, evaluator: { ...evaluator, ready: false } });
  }

  #set(change: Partial<AppStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#changed(this.#status);
  }
}

/** Reduces an address to scheme, host and path, so that a user and password in it are not shown. */
function displayUrl(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
  } catch {
    return 'not a usable address';
  }
}
