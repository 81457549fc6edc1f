import { type CodedError, CxrError } from '../../../contract/errors.ts';
import { parseKeyId } from '../../../contract/ids/key-id.ts';
import type {
  ChosenPath,
  KeyReply,
  KeyReplyOf,
  KeyRequest,
  KeyRequestKind,
  KeyState,
} from '../../../contract/ipc/vault.ts';
import { predictKeyBytes } from '../../../he/wire/sizes.ts';
import { addressIn, exportKey, importKey, inspectKey, type KeyFiles } from '../../vault/keys/key-files.ts';
import { activeKey, keyNamed, withDrop, withoutDrop, withoutKey } from '../../vault/keys/key-records.ts';
import { writeRecoverySheet } from '../../vault/keys/recovery-sheet.ts';
import { writeShareSheets } from '../../vault/keys/share-sheets.ts';
import { judgePassphrase, leastScore, suggestPassphrase } from '../../vault/passphrase-strength.ts';
import { remember, stateOf } from '../../vault/summary.ts';
import type { Vault } from '../../vault/vault.ts';
import type { StageClock } from '../stage-clock.ts';
import type { Line, Models } from '../station.ts';
import { verifyKey } from './verify-key.ts';

/** A request with what a person chose for it. */
export type Asked = {
  readonly request: KeyRequest;
  readonly path: ChosenPath;
  /** `KeyCommand.systemKey`. */
  readonly systemKey?: Uint8Array | null;
};

/**
 * The requests after which the evaluator may be asked at once whether all is ready. A check of the key is none of them:
 * it ends with a decryption, of whose moment and outcome the evaluator must not learn (ADR 4).
 */
export const changesReadiness: ReadonlySet<KeyRequestKind> = new Set([
  'unlock',
  'create',
  'import',
  'rotate',
  'destroy',
]);

/**
 * Answers what people ask about keys: makes, shares, takes in, changes and destroys them. It runs between two analyses,
 * never beside one, so that a key that is put aside is in nobody's hands.
 */
export class KeyDesk {
  readonly #station: Models;
  readonly #line: Line | CodedError | null;

  /** @param line  the evaluator in use, or why there is none; null where nothing will be asked that needs one. */
  constructor(station: Models, line: Line | CodedError | null) {
    this.#station = station;
    this.#line = line;
  }

  /** What the window shows of keys. @throws CxrError as `VaultAccess.open`. */
  async state(): Promise<KeyState> {
    return this.#stateOf(await this.#vault());
  }

  /**
   * Answers a request.
   *
   * @param clock  tells the progress of what takes long, and stops it.
   * @throws CxrError the reason of a refusal; the vault is then as it was.
   */
  async answer({ request, path, systemKey }: Asked, clock: StageClock): Promise<KeyReply> {
    const vault = await this.#vault();
    switch (request.kind) {
      case 'state':
        return this.#stateOf(vault);
      case 'unlock':
        await vault.unlock(request.passphrase, systemKey ?? null);
        return this.#stateOf(vault);
      case 'protect':
        await vault.protect(request);
        this.#station.keyring.keepEvaluationKeys(vault);
        return this.#stateOf(vault);
      case 'create':
        return this.#create(vault, request.label, clock);
      case 'rotate':
        return this.#rotate(vault, clock);
      case 'export': {
        const { fingerprint, to } = request;
        const bytes =
          to.kind === 'shares'
            ? await writeShareSheets(vault, fingerprint, to.of, chosen(path))
            : await exportKey(vault, fingerprint, to, chosen(path));
        return { fingerprint, bytes };
      }
      case 'recovery':
        await writeRecoverySheet(vault, request.fingerprint, request.passphrase, chosen(path));
        return { fingerprint: request.fingerprint };
      case 'inspect':
        return inspectKey(vault, chosenFiles(path), request.passphrase, this.#parameters);
      case 'import': {
        const { passphrase, fingerprint } = request;
        const old = activeKey(vault.body, this.#parameters);
        await importKey(vault, chosenFiles(path), passphrase, { fingerprint, parameters: this.#parameters });
        this.#station.keyring.reset();
        if (old !== undefined && old.fingerprint !== fingerprint)
          this.#noteDrop(vault, old.evaluation?.keyId);
        return this.#stateOf(vault);
      }
      case 'destroy':
        return this.#destroy(vault, request.fingerprint, clock);
      case 'judge':
        return { score: judgePassphrase(request.passphrase).score, expected: leastScore };
      case 'suggest':
        return { passphrase: suggestPassphrase() };
      case 'verify':
        return verifyKey({ ...this.#station, ...this.#evaluator }, clock);
      case 'address':
        return { address: await addressIn(vault) };
    }
  }

  /**
   * Tells evaluators to delete evaluation keys that are not used any more. One that is not reached stays noted.
   *
   * @returns whether nothing is left to be told to the evaluator in use.
   */
  async drop(signal: AbortSignal): Promise<boolean> {
    const vault = await this.#vault();
    if (vault.state === 'locked') return false;
    const { connector } = this.#evaluator;
    for (const { keyId, evaluator } of vault.body.drops) {
      if (evaluator !== this.#evaluatorName) continue;
      try {
        await connector.dropKeys(parseKeyId(keyId), signal);
        vault.update((body) => withoutDrop(body, keyId));
      } catch {
        return false;
      }
    }
    return true;
  }

  /** @throws CxrError why there is no evaluator to be asked. */
  get #evaluator(): Line {
    const line = this.#line;
    if (line === null) throw new TypeError('this needs the evaluator');
    if ('code' in line) throw CxrError.from(line);
    return line;
  }

  /**
   * By what the evaluator in use is known at a later start: its address, or a word for the one on this machine, which
   * listens elsewhere each time. It is null where there is none, which can hold no evaluation keys either.
   */
  get #evaluatorName(): string | null {
    if (this.#line === null || 'code' in this.#line) return null;
    const { url, embedded } = this.#line.evaluator;
    return embedded ? 'embedded' : url;
  }

  get #parameters(): string {
    return this.#station.keyring.parameters;
  }

  #vault(): Promise<Vault> {
    return this.#station.access.open();
  }

  #stateOf(vault: Vault): KeyState {
    return stateOf(vault, predictKeyBytes(this.#station.half.description).transferBytes);
  }

  /** Makes a key where none is in use; otherwise it is a rotation. */
  async #create(vault: Vault, label: string, clock: StageClock): Promise<KeyState> {
    const { keyring } = this.#station;
    await keyring.make(label, (fraction) => clock.at('generating-keys', fraction), clock.signal);
    await keyring.keys();
    return this.#stateOf(vault);
  }

  /**
   * Puts a new key in the place of the one in use. The evaluator gets the new evaluation keys first and is told to drop
   * the old ones then. Where this is cancelled, the old key stays in use.
   */
  async #rotate(vault: Vault, clock: StageClock): Promise<KeyState> {
    const old = activeKey(vault.body, this.#parameters);
    try {
      await this.#create(vault, old?.label ?? '', clock);
    } finally {
      const isReplaced = activeKey(vault.body, this.#parameters)?.fingerprint !== old?.fingerprint;
      if (isReplaced) this.#noteDrop(vault, old?.evaluation?.keyId);
    }
    if (this.#evaluatorName !== null) await this.drop(clock.signal);
    return this.#stateOf(vault);
  }

  async #destroy(vault: Vault, fingerprint: string, clock: StageClock): Promise<KeyReplyOf['destroy']> {
    const { keyring } = this.#station;
    const record = keyNamed(vault.body, fingerprint);
    const vaultBefore = vault.digest;
    const destroyed = new Date().toISOString();
    vault.update((body) => withoutKey(body, fingerprint, destroyed));
    if (record.state === 'active') keyring.reset();
    this.#noteDrop(vault, record.evaluation?.keyId);
    const evaluatorTold =
      record.evaluation === null || (this.#evaluatorName !== null && (await this.drop(clock.signal)));
    const proof = {
      format: 'cipherfilm-destruction/1',
      ...remember(vault.body.destroyed.find((each) => each.fingerprint === fingerprint)!),
      vaultBefore,
      vaultAfter: vault.digest,
      evaluatorTold,
    } as const;
    return { proof, state: this.#stateOf(vault) };
  }

  /** Evaluation keys that nobody needs any more go from this machine now, and from the evaluator when it is told. */
  #noteDrop(vault: Vault, keyId: string | undefined): void {
    if (keyId === undefined) return;
    this.#station.keyring.forgetEvaluationKeys(keyId);
    const name = this.#evaluatorName;
    if (name !== null) vault.update((body) => withDrop(body, keyId, name));
  }
}

function chosen(path: ChosenPath): string {
  if (typeof path !== 'string') throw new TypeError('this request needs one file or folder');
  return path;
}

function chosenFiles(path: ChosenPath): KeyFiles {
  if (path === null) throw new TypeError('this request needs a file');
  return path;
}
