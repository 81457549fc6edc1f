import type { Connection } from '../../contract/connection.ts';
import { toCodedError } from '../../contract/errors.ts';
import type { AnalysisId } from '../../contract/ids/analysis-id.ts';
import type { EngineCommand, EngineEvent } from '../../contract/ipc/engine.ts';
import { isEvaluatorTrouble } from '../../contract/ipc/standing.ts';
import type { KeyCommand, KeyRequestKind } from '../../contract/ipc/vault.ts';
import { connect } from '../connector/connector.ts';
import { forbidCoreDumps } from '../files/forbid-core-dumps.ts';
import { endAtOnce, openParentPort } from '../host/parent-port.ts';
import { analyse } from './analyse.ts';
import { ReadinessKeeper } from './keep-ready.ts';
import { changesReadiness, KeyDesk } from './keys/key-desk.ts';
import { StageClock } from './stage-clock.ts';
import type { Line, Models, Workstation } from './station.ts';
import { openLine, openModels } from './workstation.ts';

/** The requests that put another key in use, or need the one in use to themselves. */
const changesKeys: ReadonlySet<KeyRequestKind> = new Set(['create', 'import', 'rotate', 'destroy', 'verify']);
/** The requests that change nothing that could be shown. */
const onlyLooks: ReadonlySet<KeyRequestKind> = new Set([
  'state',
  'export',
  'recovery',
  'inspect',
  'address',
  'judge',
  'suggest',
]);

type Classify = Extract<EngineCommand, { kind: 'classify' }>;

/**
 * The engine process, the only process that holds a secret key. Commands come in and events go out over Electron's
 * `process.parentPort` or over the IPC channel of a forked Node process. Analyses run one at a time, in the order in
 * which they arrive.
 */
class Engine {
  readonly #send: (event: EngineEvent) => void;
  readonly #running = new Map<AnalysisId, AbortController>();
  #models: Promise<Models> | undefined;
  #line: Promise<Line> | undefined;
  #keepsReady = false;
  /** Watches the evaluator in use; null before there is one, and in an engine that does not keep ready. */
  #keeper: { readonly keeper: ReadinessKeeper; readonly ends: AbortController } | null = null;
  readonly #keyWork = new Map<string, AbortController>();
  #tail: Promise<void> = Promise.resolve();

  constructor(send: (event: EngineEvent) => void) {
    this.#send = send;
  }

  handle(command: EngineCommand): void {
    switch (command.kind) {
      case 'start':
        this.#models = openModels(command.bundleRoot, command.bundleName, command.custody);
        this.#keepsReady = command.keepsReady;
        if (command.keepsReady) void this.#tellKeys(this.#models);
        this.#connect(command.connection);
        return;
      case 'connect':
        this.#connect(command.connection);
        return;
      case 'probe':
        void this.#probe(command.probeId, command.connection);
        return;
      case 'cancel':
        this.#running.get(command.analysisId)?.abort();
        return;
      case 'classify': {
        const controller = new AbortController();
        this.#running.set(command.analysisId, controller);
        this.#tail = this.#tail.then(() => this.#classify(command, controller.signal));
        return;
      }
      case 'keys':
        // What changes the key in use waits until no analysis has it in hand.
        if (!changesKeys.has(command.request.kind)) void this.#answerKeys(command);
        else this.#tail = this.#tail.then(() => this.#answerKeys(command));
        return;
      case 'cancel-keys':
        this.#keyWork.get(command.requestId)?.abort();
    }
  }

  /** Uses another evaluator from now on. An analysis under way keeps the evaluator with which it began. */
  #connect(connection: Connection): void {
    const line = (async () => openLine(connection))();
    this.#line = line;
    this.#keeper?.ends.abort();
    this.#keeper = null;
    Promise.all([this.#models, line]).then(
      ([models, opened]) => {
        if (this.#line !== line || models === undefined) return;
        const { half } = models;
        this.#send({ kind: 'ready', bundle: { name: half.description.name, id: half.id } });
        if (this.#keepsReady) this.#keepReady({ ...models, ...opened });
      },
      (error: unknown) => {
        if (this.#line === line) this.#send({ kind: 'unusable', error: toCodedError(error) });
      },
    );
  }

  #keepReady(station: Workstation): void {
    const ends = new AbortController();
    const keeper = new ReadinessKeeper(station, {
      tell: (standing) => {
        if (!ends.signal.aborted) this.#send({ kind: 'standing', standing });
      },
      onStale: () => {
        this.#tail = this.#tail.then(() => this.#takeUpKeys(station));
      },
    });
    this.#keeper = { keeper, ends };
    void keeper.run(ends.signal);
  }

  async #answerKeys({ requestId, request, path, systemKey }: KeyCommand): Promise<void> {
    const controller = new AbortController();
    this.#keyWork.set(requestId, controller);
    try {
      const models = await this.#models;
      if (models === undefined) throw new TypeError('keys before start');
      // What needs no evaluator is answered also while its address is refused.
      const desk = new KeyDesk(models, await this.#line!.catch(toCodedError));
      const clock = new StageClock({
        signal: controller.signal,
        onProgress: ({ fraction }) =>
          this.#send({ kind: 'keys-progress', requestId, fraction: fraction ?? 0 }),
      });
      const reply = await desk.answer({ request, path, systemKey }, clock);
      this.#send({ kind: 'keys-done', requestId, reply });
      if (!onlyLooks.has(request.kind)) {
        this.#send({ kind: 'keys-state', state: await desk.state() });
        if (changesReadiness.has(request.kind)) this.#keeper?.keeper.now();
      }
    } catch (error) {
      this.#send({ kind: 'keys-failed', requestId, error: toCodedError(error) });
    } finally {
      this.#keyWork.delete(requestId);
    }
  }

  /** Tells how the keys are kept, before anybody asks. */
  async #tellKeys(opening: Promise<Models>): Promise<void> {
    try {
      this.#send({ kind: 'keys-state', state: await new KeyDesk(await opening, null).state() });
    } catch {
      // A bundle or a vault that cannot be opened: whoever needs it is told why.
    }
  }

  /** Takes up what another program did to the keys. It runs between two analyses, as everything that changes the key. */
  async #takeUpKeys({ keyring, ...models }: Models): Promise<void> {
    try {
      if (!(await keyring.isStale())) return;
      keyring.reset();
      this.#send({ kind: 'keys-state', state: await new KeyDesk({ keyring, ...models }, null).state() });
      this.#keeper?.keeper.now();
    } catch {
      // The next round of the keeper, or the next analysis, meets the same and tells it.
    }
  }

  async #probe(probeId: string, connection: Connection): Promise<void> {
    try {
      // A bundle that cannot be opened is told elsewhere.
      const bundle = await this.#models?.then(
        ({ half }) => half.id,
        () => null,
      );
      const found = await connect(connection).probe(bundle ?? null);
      this.#send({ kind: 'probed', probeId, found });
    } catch (error) {
      this.#send({ kind: 'probed', probeId, found: toCodedError(error) });
    }
  }

  async #classify({ analysisId, input, asked }: Classify, signal: AbortSignal): Promise<void> {
    let question = asked;
    const settle = async () => {
      if (question !== null) (await this.#models)?.outbox.settle(question);
    };
    try {
      const [models, line] = await Promise.all([this.#models, this.#line]);
      if (models === undefined || line === undefined) throw new TypeError('classify before start');
      await this.#takeUpKeys(models);
      const result = await analyse(
        input,
        { ...models, ...line },
        {
          asked,
          signal,
          onProgress: (progress) => this.#send({ kind: 'progress', analysisId, progress }),
          onAdmitted: (pair) => this.#send({ kind: 'admitted', analysisId, pair }),
          onAsked: (kept) => {
            question = kept ?? question;
            this.#send({ kind: 'asked', analysisId, question: kept });
          },
        },
      );
      this.#keeper?.keeper.accepted();
      this.#send({ kind: 'done', analysisId, result });
      await settle();
    } catch (error) {
      const coded = signal.aborted ? { code: 'cancelled' as const, detail: {} } : toCodedError(error);
      // Behind an evaluator in trouble the job may go on, so that its question is asked again later.
      if (isEvaluatorTrouble(coded)) this.#keeper?.keeper.trouble(coded);
      else await settle();
      this.#send({ kind: 'failed', analysisId, error: coded });
    } finally {
      this.#running.delete(analysisId);
    }
  }
}

forbidCoreDumps();
const port = openParentPort<EngineCommand, EngineEvent>();
const engine = new Engine(port.send);
port.onCommand((command) => engine.handle(command));
port.onClose(endAtOnce);
// For Electron: Ctrl-C reaches the whole group of a terminal, and the host ends this process.
process.on('SIGINT', () => {});
