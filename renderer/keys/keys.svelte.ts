import { type CodedError, codedPart } from '../../contract/errors.ts';
import { longRequests } from '../../contract/ipc/long-requests.ts';
import type { KeyReplyOf, KeyRequest, KeyState } from '../../contract/ipc/vault.ts';
import type { Reply } from '../../contract/ipc/window.ts';

/**
 * The window's picture of the keys while somebody looks at them. It holds no passphrase: a request carries one and is
 * then let go.
 */
export class Keys {
  state = $state.raw<KeyState | null>(null);
  /** What went wrong with the last request. */
  problem = $state.raw<CodedError | null>(null);
  /** A request is under way. */
  isBusy = $state(false);
  /** How far the request under way is, in [0, 1]; null for one that is over in a moment. */
  fraction = $state<number | null>(null);

  active = $derived(this.state?.keys.find(({ state }) => state === 'active') ?? null);
  earlier = $derived(this.state?.keys.filter(({ state }) => state === 'retired') ?? []);

  #seen = '';

  /** Looks at the keys, and follows what becomes of them; returns the way to stop. */
  listen(): () => void {
    const stop = window.cipherfilm.onEvent((event) => {
      if (event.kind === 'keys') this.state = event.state;
      else if (event.kind === 'status') this.#follow(`${event.status.lock} ${event.status.standing.kind}`);
      else if (event.kind === 'keys-progress' && this.fraction !== null) this.fraction = event.fraction;
    });
    void this.ask({ kind: 'state' });
    return stop;
  }

  /** Asks; null for what was refused, with `problem` saying why. A dialog that somebody closed is no problem. */
  async ask<Request extends KeyRequest>(request: Request): Promise<KeyReplyOf[Request['kind']] | null> {
    const isLong = longRequests.includes(request.kind);
    this.problem = null;
    this.isBusy = true;
    this.fraction = isLong ? 0 : null;
    const reply = await window.cipherfilm.keys({ request });
    this.isBusy = false;
    this.fraction = null;
    if (!reply.ok) {
      if (reply.code !== 'cancelled' || isLong) this.problem = codedPart(reply);
      // What was stopped half-way may have changed something.
      if (isLong) await this.#refresh();
      return null;
    }
    const { value } = reply;
    const state = 'keys' in value ? value : 'state' in value ? value.state : null;
    if (state !== null) this.state = state;
    return value as KeyReplyOf[Request['kind']];
  }

  /** How hard a passphrase is to guess; null where nobody can say. It is asked beside everything else. */
  async judge(passphrase: string): Promise<KeyReplyOf['judge'] | null> {
    const reply = await window.cipherfilm.keys({ request: { kind: 'judge', passphrase } });
    return reply.ok ? (reply.value as KeyReplyOf['judge']) : null;
  }

  /** Takes the keys out of memory until somebody unlocks them. */
  async lock(): Promise<void> {
    this.#take(await window.cipherfilm.lockKeys({}));
    await this.#refresh();
  }

  /** Opens the vault as at the start of the program, where no passphrase guards it. */
  async unlock(): Promise<void> {
    this.isBusy = true;
    this.#take(await window.cipherfilm.unlockKeys({}));
    await this.#refresh();
    this.isBusy = false;
  }

  /**
   * Sets keys aside that do not open, and begins with none.
   *
   * @returns the name of their file; null where it did not work, with `problem` saying why.
   */
  async setAside(): Promise<string | null> {
    this.isBusy = true;
    const reply = await window.cipherfilm.setKeysAside({});
    this.#take(reply);
    await this.#refresh();
    this.isBusy = false;
    return reply.ok ? reply.value.file : null;
  }

  #take(reply: Reply<unknown>): void {
    this.problem = reply.ok ? null : codedPart(reply);
  }

  /** Stops what takes long. */
  cancel(): void {
    void window.cipherfilm.cancelKeys({});
  }

  async saveProof(fingerprint: string): Promise<boolean> {
    const reply = await window.cipherfilm.saveProof({ fingerprint });
    this.problem = reply.ok || reply.code === 'cancelled' ? null : codedPart(reply);
    return reply.ok;
  }

  /** Shows the file that was written last. */
  showFile(): void {
    void window.cipherfilm.showKeyFile({});
  }

  /** The engine makes the first key by itself, and each study counts: both are seen when the status moves on. */
  #follow(status: string): void {
    if (status === this.#seen || this.isBusy) return;
    this.#seen = status;
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    const reply = await window.cipherfilm.keys({ request: { kind: 'state' } });
    if (reply.ok) this.state = reply.value as KeyState;
  }
}
