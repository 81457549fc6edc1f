import { type CodedError, CxrError, toCodedError } from '../../contract/errors.ts';
import type { Standing } from '../../contract/ipc/standing.ts';
import type { Progress } from '../../contract/stages.ts';
import { pause } from '../connector/patience.ts';
import { KeyDesk } from './keys/key-desk.ts';
import { bringKeys } from './remote-steps.ts';
import { StageClock } from './stage-clock.ts';
import type { Workstation } from './station.ts';

/** How often the evaluator is asked, milliseconds. */
export type Rhythm = {
  /** The time between two rounds while all is well. */
  readonly calmMs: number;
  /** The first pause after a round that failed. It doubles with each further failure, up to `calmMs`. */
  readonly troubleMs: number;
};

/** So long a queue that was full counts as full, unless the evaluator takes a question earlier. No probe asks about it. */
const fullForMs = 60_000;

const usual: Rhythm = { calmMs: 20_000, troubleMs: 1_500 };

/** Who hears what a round finds. */
export type ReadinessListener = {
  /** Each change of how things stand. */
  readonly tell: (standing: Standing) => void;
  /** Another program has put another key in use. Whoever hears it takes that up between two analyses. */
  readonly onStale: () => void;
};

/**
 * Keeps a workstation ready for the next study: the keys are made and uploaded before anybody asks, and the evaluator
 * is asked every 20 seconds whether it is still there, still serves the model and still has the keys. Keys that it has
 * lost are uploaded again, and keys that are not used any more are deleted there.
 *
 * The rounds follow a clock of their own. They do not depend on analyses, so that an evaluator cannot learn from them
 * when a result was decrypted or how that went.
 */
export class ReadinessKeeper {
  readonly #station: Workstation;
  readonly #listener: ReadinessListener;
  readonly #rhythm: Rhythm;
  #standing: Standing = { kind: 'starting' };
  #pause = new AbortController();
  /** Until then the evaluator's queue counts as full, on the clock of `performance.now`. */
  #fullUntil = 0;
  /** What the last round that went well found. */
  #ready: Standing | null = null;

  constructor(station: Workstation, listener: ReadinessListener, rhythm: Rhythm = usual) {
    this.#station = station;
    this.#listener = listener;
    this.#rhythm = rhythm;
  }

  /** Goes round until `signal` aborts. It never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { calmMs, troubleMs } = this.#rhythm;
    this.#set({ kind: 'connecting' });
    for (let failures = 0; !signal.aborted; ) {
      try {
        const keyId = await this.#round(signal);
        if (signal.aborted) return;
        failures = 0;
        this.#ready = { kind: 'ready', keyId };
        if (performance.now() >= this.#fullUntil) this.#set(this.#ready);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.trouble(toCodedError(error));
      }
      const delayMs = failures === 0 ? calmMs : Math.min(calmMs, troubleMs * 2 ** (failures - 1));
      this.#pause = new AbortController();
      await pause(delayMs, AbortSignal.any([signal, this.#pause.signal])).catch(() => {});
    }
  }

  /** Begins the next round at once, because a person did something: unlocked the vault, changed the key. */
  now(): void {
    this.#pause.abort();
  }

  /** Notes a failure of the evaluator, also one that an analysis met. Nothing is sent because of it. */
  trouble(error: CodedError): void {
    if (error.code === 'queue-full') this.#fullUntil = performance.now() + fullForMs;
    this.#set({ kind: 'trouble', error });
  }

  /** Notes that the evaluator took a question, so that its queue is not full any more. */
  accepted(): void {
    const wasFull = performance.now() < this.#fullUntil;
    this.#fullUntil = 0;
    if (wasFull && this.#ready !== null) this.#set(this.#ready);
  }

  async #round(signal: AbortSignal) {
    const { half, connector, keyring } = this.#station;
    if (await keyring.isStale()) this.#listener.onStale();
    // Asked once and without patience: what is not there now is said now.
    const found = await connector.probe(half.id, signal);
    if (!found.servesModel) throw new CxrError('bundle-unknown', { bundle: half.id });
    const clock = new StageClock({ signal, onProgress: (progress) => this.#follow(progress) });
    const keys = await bringKeys(this.#station, clock);
    await new KeyDesk(this.#station, this.#station).drop(signal);
    return keys.evaluation.keyId;
  }

  #follow({ stage, fraction }: Progress): void {
    if (fraction === null || fraction === 1) return;
    if (stage === 'generating-keys' || stage === 'uploading-keys') this.#set({ kind: stage, fraction });
  }

  #set(standing: Standing): void {
    const before = this.#standing;
    this.#standing = standing;
    if (JSON.stringify(before) !== JSON.stringify(standing)) this.#listener.tell(standing);
  }
}
