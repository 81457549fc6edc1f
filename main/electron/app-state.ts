import type { EngineEvent } from '../../contract/ipc/engine.ts';
import type { AppStatus, KeyLockState } from '../../contract/ipc/window.ts';

/** What is known of the application when it starts. */
export type AppFacts = {
  readonly version: string;
  readonly embedded: boolean;
  readonly keepsWorklist: boolean;
  readonly opensItself: AppStatus['opensItself'];
  readonly canRecompute: boolean;
};

/** Keeps what the window is told about the application itself, and brings it up to date with the engine's events. */
export class AppState {
  #status: AppStatus;
  readonly #changed: (status: AppStatus) => void;

  constructor(
    { version, embedded, keepsWorklist, opensItself, canRecompute }: AppFacts,
    changed: (status: AppStatus) => void,
  ) {
    this.#changed = changed;
    this.#status = {
      version,
      evaluator: { url: '', embedded },
      standing: { kind: 'starting' },
      bundle: null,
      problem: null,
      opensItself,
      opensWith: null,
      lock: 'open',
      receiving: { kind: 'off' },
      asksArchive: false,
      worklist: keepsWorklist ? 'kept' : 'no keychain',
      canRecompute,
    };
  }

  /** The state as it is now. */
  get status(): AppStatus {
    return this.#status;
  }

  /** Notes that another evaluator is in use. How things stand with it is not known yet. */
  evaluatorAt(url: string, embedded: boolean): void {
    this.#set({ evaluator: { url: displayUrl(url), embedded }, standing: { kind: 'starting' } });
  }

  /** Notes that a vault has begun that other things open. */
  opensItself(opensItself: AppStatus['opensItself']): void {
    this.#set({ opensItself, opensWith: null });
  }

  /** Notes whether studies from elsewhere are taken in. */
  receiving(receiving: AppStatus['receiving']): void {
    this.#set({ receiving });
  }

  /** Notes whether an archive can be asked for earlier studies. */
  asksArchive(asksArchive: boolean): void {
    if (asksArchive !== this.#status.asksArchive) this.#set({ asksArchive });
  }

  /** Notes that the keys have left the engine's memory, or are back. */
  lockIs(lock: KeyLockState): void {
    this.#set({ lock });
  }

  /** Follows the engine's events. How things stand is told anew by the next one. */
  follow(event: EngineEvent | { readonly kind: 'stopped' }): void {
    switch (event.kind) {
      case 'ready':
        this.#set({ bundle: event.bundle, problem: null });
        return;
      case 'standing':
        this.#set({ standing: event.standing });
        return;
      case 'keys-state':
        this.#set({ opensWith: event.state.opensWith });
        return;
      case 'unusable':
        this.#set({ problem: event.error, standing: { kind: 'trouble', error: event.error } });
        return;
      case 'stopped':
        this.#set({ standing: { kind: 'starting' } });
    }
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
