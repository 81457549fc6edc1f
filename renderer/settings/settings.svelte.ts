import type { Probe } from '../../contract/connection.ts';
import { type CodedError, codedPart } from '../../contract/errors.ts';
import type { ArchiveAnswers, Reply } from '../../contract/ipc/window.ts';
import type { Setting, SettingSource, SettingsChange, SettingsView } from '../../contract/settings.ts';
import { type NetworkDraft, networkChange, networkDraft, networkFaults } from './network-fields.ts';

const embedded = 'embedded';

/** What is in the fields; a token is only ever written, never read back. */
type Draft = {
  place: 'here' | 'elsewhere';
  address: string;
  token: string;
  proxy: 'system' | 'none' | 'address';
  proxyAddress: string;
  systemCertificates: boolean;
  withoutKeychain: boolean;
  contentProtection: boolean;
  lockAfterMinutes: number;
  network: NetworkDraft;
};

/**
 * The settings while somebody looks at them. It exists apart from the dialog because what is typed, what is kept and what
 * the evaluator answered have to be told apart.
 */
export class SettingsForm {
  view = $state.raw<SettingsView | null>(null);
  draft = $state<Draft>({
    place: 'here',
    address: '',
    token: '',
    proxy: 'system',
    proxyAddress: '',
    systemCertificates: true,
    withoutKeychain: false,
    contentProtection: false,
    lockAfterMinutes: 0,
    network: { title: '', port: '', callers: '', archive: '', archiveTls: false, archiveUrl: '' },
  });
  /** What the archives said when they were last asked. */
  answers = $state.raw<ArchiveAnswers | 'working' | null>(null);
  /** Outcome of the last look at the evaluator. */
  probed = $state.raw<Probe | CodedError | 'working' | null>(null);
  problem = $state.raw<CodedError | null>(null);
  saved = $state(false);

  async load(): Promise<void> {
    this.#take(await window.cipherfilm.settings({}));
  }

  async probe(): Promise<void> {
    this.probed = 'working';
    const { token } = this.draft;
    const reply = await window.cipherfilm.probe({
      evaluator: this.#evaluator,
      ...(token === '' ? {} : { token }),
    });
    this.probed = reply.ok ? reply.value : codedPart(reply);
  }

  /** What is wrong with the fields about other machines, by field. Nothing is saved while anything is. */
  wrong = $derived(this.view === null ? {} : networkFaults(this.draft.network));

  async save(): Promise<boolean> {
    if (Object.keys(this.wrong).length > 0) return false;
    this.#take(await window.cipherfilm.saveSettings(this.#change()));
    this.saved = this.problem === null;
    return this.saved;
  }

  async forgetToken(): Promise<void> {
    this.#take(await window.cipherfilm.saveSettings({ token: null }));
  }
  async chooseCertificates(): Promise<void> {
    this.#take(await window.cipherfilm.chooseCertificates({}));
  }
  async chooseWatchFolder(): Promise<void> {
    this.#take(await window.cipherfilm.chooseWatchFolder({}));
  }
  async forgetWatchFolder(): Promise<void> {
    this.#take(await window.cipherfilm.saveSettings({ watchFolder: null }));
  }
  async tryArchives(): Promise<void> {
    this.answers = 'working';
    const reply = await window.cipherfilm.tryArchives({});
    this.answers = reply.ok ? reply.value : null;
    if (!reply.ok) this.problem = codedPart(reply);
  }
  async forgetCertificates(): Promise<void> {
    this.#take(await window.cipherfilm.saveSettings({ certificates: null }));
  }

  get #evaluator(): string {
    return this.draft.place === 'here' ? embedded : this.draft.address.trim();
  }
  get #proxy(): string {
    return this.draft.proxy === 'address' ? this.draft.proxyAddress.trim() : this.draft.proxy;
  }

  /** Only what differs: what is locked is not asked for. */
  #change(): SettingsChange {
    const { view, draft } = this;
    if (view === null) return {};
    return {
      ...(this.#evaluator === view.evaluator.value ? {} : { evaluator: this.#evaluator }),
      ...(this.#proxy === view.proxy.value ? {} : { proxy: this.#proxy }),
      ...(draft.systemCertificates === view.systemCertificates.value
        ? {}
        : { systemCertificates: draft.systemCertificates }),
      ...(draft.withoutKeychain === view.withoutKeychain.value
        ? {}
        : { withoutKeychain: draft.withoutKeychain }),
      ...(draft.contentProtection === view.contentProtection.value
        ? {}
        : { contentProtection: draft.contentProtection }),
      ...(draft.lockAfterMinutes === view.lockAfterMinutes.value
        ? {}
        : { lockAfterMinutes: draft.lockAfterMinutes }),
      ...(draft.token === '' ? {} : { token: draft.token }),
      ...networkChange(draft.network, networkDraft(view.network)),
    };
  }

  #take(reply: Reply<SettingsView>): void {
    this.problem = reply.ok ? null : codedPart(reply);
    if (!reply.ok) return;
    const view = reply.value;
    this.view = view;
    const isHere = view.evaluator.value === embedded;
    const isWord = view.proxy.value === 'system' || view.proxy.value === 'none';
    this.draft = {
      place: isHere ? 'here' : 'elsewhere',
      address: isHere ? '' : view.evaluator.value,
      token: '',
      proxy: isWord ? (view.proxy.value as 'system' | 'none') : 'address',
      proxyAddress: isWord ? '' : view.proxy.value,
      systemCertificates: view.systemCertificates.value,
      withoutKeychain: view.withoutKeychain.value,
      contentProtection: view.contentProtection.value,
      lockAfterMinutes: view.lockAfterMinutes.value,
      network: networkDraft(view.network),
    };
  }
}

export const isLocked = ({ source }: Pick<Setting<unknown>, 'source'>): boolean =>
  source !== 'own' && source !== 'default';

/** Who decided a setting that cannot be changed here. */
export const lockWords: Readonly<Record<SettingSource, string>> = {
  policy: 'Set by your organisation',
  'command line': 'Set on the command line',
  environment: 'Set by the environment',
  own: '',
  default: '',
};

const usualMinutes = [0, 5, 15, 30, 60, 240];
/** The times after which keys may be locked, with the one that is set. */
export const lockChoices = (set: number): readonly number[] =>
  [...new Set([...usualMinutes, set])].sort((a, b) => a - b);

/** 0 → "never", 30 → "30 minutes", 240 → "4 hours". */
export function minutesInWords(minutes: number): string {
  if (minutes === 0) return 'never';
  const isHours = minutes % 60 === 0;
  const count = isHours ? minutes / 60 : minutes;
  return `${count} ${isHours ? 'hour' : 'minute'}${count === 1 ? '' : 's'}`;
}
