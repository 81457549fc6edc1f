import type { EngineEvent } from '../../contract/ipc/engine.ts';
import type { AppStatus } from '../../contract/ipc/window.ts';

export type AppFacts = {
  readonly version: string;
  readonly embedded: boolean;
  readonly keepsWorklist: boolean;
  readonly canRecompute: boolean;
};

/** What the window is told about the app itself, kept up to date from the engine's events. */
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

  get status(): AppStatus {
    return this.#status;
  }

  evaluatorAt(url: string, embedded: boolean): void {
    this.#set({ evaluator: { url: displayUrl(url), embedded, ready: false } });
  }

  /** Keys live in the engine's memory: when it stops they are gone. */
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

/** Scheme, host and path: an address with a user and password in it is shown without them. */
function displayUrl(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
  } catch {
    return 'not a usable address';
  }
}
