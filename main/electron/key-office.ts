import { basename } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import type { EngineEvent } from '../../contract/ipc/engine.ts';
import { longRequests } from '../../contract/ipc/long-requests.ts';
import type {
  ChosenPath,
  DestructionProof,
  KeyReplyOf,
  KeyRequest,
  KeyRequestKind,
} from '../../contract/ipc/vault.ts';
import type { ReplyOf, RequestOf, WindowEvent } from '../../contract/ipc/window.ts';
import { writePrivate } from '../files/write-private.ts';
import type { EngineHost } from '../host/engine/engine-host.ts';
import type { KeyLock } from '../host/keys/key-lock.ts';

/** The kinds of file that are written: an export, a page to print, the record of a destruction. */
export type SavedFile = 'key' | 'sheet' | 'proof';

/** The system's dialogs about key files. Each gives what somebody chose, or null when it was closed. */
export type KeyDialogs = {
  readonly save: (what: SavedFile, name: string) => Promise<string | null>;
  /** Asks for the folder in which the pages of several custodians are written. */
  readonly folder: () => Promise<string | null>;
  /** Asks for one file, or for several pages of one key. */
  readonly open: () => Promise<readonly string[] | null>;
  /** Shows a file in the system's file manager. */
  readonly show: (path: string) => void;
};

/** What the office needs of others. */
export type KeyOfficeDeps = {
  readonly engine: Pick<EngineHost, 'keys'>;
  readonly lock: Pick<KeyLock, 'lock' | 'unlock' | 'opened' | 'beginAnew'>;
  readonly dialogs: KeyDialogs;
  /** What the system's keychain keeps; an engine that was started locked gets it with the passphrase that unlocks. */
  readonly systemKey: () => Uint8Array | null;
  readonly tell: (event: WindowEvent) => void;
};

/** The window's requests that are about keys. */
export type KeyAnswers = {
  readonly [N in
    | 'keys'
    | 'cancelKeys'
    | 'lockKeys'
    | 'unlockKeys'
    | 'setKeysAside'
    | 'saveProof'
    | 'showKeyFile']: (request: RequestOf<N>) => ReplyOf[N] | Promise<ReplyOf[N]>;
};

/**
 * Stands between the window and the engine where keys are concerned. It asks the person for files, so that the window
 * never sees a path, and it passes requests on without looking at what is secret in them.
 */
export class KeyOffice {
  readonly #deps: KeyOfficeDeps;
  readonly #underWay = new Set<AbortController>();
  readonly #proofs = new Map<string, DestructionProof>();
  /** The files that were looked at last. They are the ones that are taken in, whatever else is chosen meanwhile. */
  #inspected: readonly string[] | null = null;
  /** The file that was written last, or the folder with several. */
  #written: string | null = null;

  constructor(deps: KeyOfficeDeps) {
    this.#deps = deps;
  }

  /** What the window may ask. */
  get answers(): KeyAnswers {
    return {
      keys: ({ request }) => this.#answer(request),
      cancelKeys: () => {
        for (const controller of this.#underWay) controller.abort();
        return null;
      },
      lockKeys: async () => ({ locked: await this.#deps.lock.lock() }),
      unlockKeys: async () => ({ unlocked: await this.#deps.lock.unlock() }),
      setKeysAside: async () => {
        const path = await this.#deps.lock.beginAnew();
        this.#written = path;
        return { file: basename(path) };
      },
      saveProof: ({ fingerprint }) => this.#saveProof(fingerprint),
      showKeyFile: () => {
        if (this.#written !== null) this.#deps.dialogs.show(this.#written);
        return { shown: this.#written !== null };
      },
    };
  }

  /** Whether something that takes long is under way. */
  get isBusy(): boolean {
    return this.#underWay.size > 0;
  }

  /** Passes on to the window what the engine tells about keys. */
  hear(event: EngineEvent | { readonly kind: 'stopped' }): void {
    const { tell } = this.#deps;
    if (event.kind === 'keys-state') tell({ kind: 'keys', state: event.state });
    if (event.kind === 'keys-progress') tell({ kind: 'keys-progress', fraction: event.fraction });
  }

  async #answer(request: KeyRequest): Promise<KeyReplyOf[KeyRequestKind]> {
    const path = await this.#fileFor(request);
    const reply = await this.#pass(request, path);
    if (request.kind === 'unlock') this.#deps.lock.opened();
    if (request.kind === 'export' || request.kind === 'recovery') this.#written = path as string;
    if (request.kind === 'import') this.#inspected = null;
    if (request.kind === 'destroy') {
      const { proof } = reply as KeyReplyOf['destroy'];
      this.#proofs.set(proof.fingerprint, proof);
    }
    return reply;
  }

  async #pass(request: KeyRequest, path: ChosenPath): Promise<KeyReplyOf[KeyRequestKind]> {
    const { engine } = this.#deps;
    if (request.kind === 'unlock') return engine.keys(request, path, undefined, this.#deps.systemKey());
    if (!longRequests.includes(request.kind)) return engine.keys(request, path);
    const controller = new AbortController();
    this.#underWay.add(controller);
    try {
      return await engine.keys(request, path, controller.signal);
    } finally {
      this.#underWay.delete(controller);
    }
  }

  /** Asks for what a request needs. @throws CxrError `cancelled` when the dialog is closed. */
  async #fileFor(request: KeyRequest): Promise<ChosenPath> {
    const { dialogs } = this.#deps;
    switch (request.kind) {
      case 'export':
        if (request.to.kind === 'shares') return chosen(await dialogs.folder());
        return chosen(await dialogs.save('key', `${await this.#name(request.fingerprint)}.key`));
      case 'recovery':
        return chosen(await dialogs.save('sheet', `${await this.#name(request.fingerprint)}.html`));
      case 'inspect':
        this.#inspected = await this.#filesFor(request);
        return this.#inspected;
      case 'import':
        if (this.#inspected === null)
          throw new CxrError('request-invalid', { reason: 'nothing was inspected' });
        return this.#inspected;
      default:
        return null;
    }
  }

  async #filesFor({
    passphrase,
    isBeside,
  }: Extract<KeyRequest, { kind: 'inspect' }>): Promise<readonly string[]> {
    const before = this.#inspected;
    // The passphrase comes second: it is for the file that turned out to need one.
    if (before !== null && passphrase !== null) return before;
    const files = chosen(await this.#deps.dialogs.open());
    // Another page of the first one's set; a second try replaces the page that did not fit.
    return before !== null && isBeside === true ? [...before.slice(0, 1), ...files] : files;
  }

  /** The name of a key's file, without ending: the first two of the words by which people know the key. */
  async #name(fingerprint: string): Promise<string> {
    const { keys } = await this.#deps.engine.keys({ kind: 'state' }, null);
    const key = keys.find((each) => each.fingerprint === fingerprint);
    if (key === undefined) throw new CxrError('key-unknown', { fingerprint });
    return ['cipherfilm-key', ...key.words.slice(0, 2)].join('-');
  }

  async #saveProof(fingerprint: string): Promise<null> {
    const proof = this.#proofs.get(fingerprint);
    if (proof === undefined) throw new CxrError('key-unknown', { fingerprint });
    const name = ['cipherfilm-destroyed', ...proof.words.slice(0, 2)].join('-');
    const path = chosen(await this.#deps.dialogs.save('proof', `${name}.json`));
    try {
      writePrivate(path, `${JSON.stringify(proof, null, 2)}\n`);
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? 'write';
      throw new CxrError('key-unsaved', { reason }, { cause });
    }
    this.#written = path;
    return null;
  }
}

function chosen<T>(path: T | null): T {
  if (path === null) throw new CxrError('cancelled');
  return path;
}
