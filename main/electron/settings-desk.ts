import { basename, join } from 'node:path';
import type { Connection, ProxyChoice } from '../../contract/connection.ts';
import { CxrError } from '../../contract/errors.ts';
import type { NetworkView, SettingsChange, SettingsView } from '../../contract/settings.ts';
import { parseEvaluatorUrl } from '../connector/evaluator-url.ts';
import { writePrivate } from '../files/write-private.ts';
import { proxyFromScript } from '../settings/proxy-choice.ts';
import { certificatesOf, givenToken, settingsText } from '../settings/setting-files.ts';
import { changedFile, embedded, resolveSettings, type Settings } from '../settings/settings.ts';
import type { AccessToken } from './secrets/access-token.ts';

/** What the settings desk needs of others. */
export type SettingsDeps = {
  /** The folder of the person's own file. */
  readonly userData: string;
  /** The content of the policy file; null when there is none. */
  readonly policy: string | null;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly token: AccessToken;
  /** Starts the evaluator on this machine and returns its address. */
  readonly embeddedUrl: () => Promise<string>;
  /** Asks the system for the proxy of an address. It answers as a proxy configuration script would. */
  readonly systemProxy: (url: string) => Promise<string>;
  readonly keychain: string | null;
};

/** Reads the workstation's settings, shows and changes them while it runs, and makes a connection of them. */
export class SettingsDesk {
  readonly #deps: SettingsDeps;
  readonly #path: string;
  #settings: Settings;

  constructor(deps: SettingsDeps) {
    this.#deps = deps;
    this.#path = join(deps.userData, 'config.json');
    this.#settings = this.#resolved();
  }

  /** The settings as they are now. */
  get current(): Settings {
    return this.#settings;
  }

  /** True when the evaluator is the one on this machine. */
  get isEmbedded(): boolean {
    return this.#settings.evaluator.value === embedded;
  }

  /** True when the worklist is to be kept although the system has no keychain. */
  get withoutKeychain(): boolean {
    return this.#settings.withoutKeychain.value;
  }

  /** True when the window is to be kept out of screenshots and shared screens. */
  get isProtected(): boolean {
    return this.#settings.contentProtection.value;
  }

  /** After so many minutes without anybody at the window the keys leave the memory; 0 for never. */
  get lockAfterMinutes(): number {
    return this.#settings.lockAfterMinutes.value;
  }

  /** The settings as the window shows them: without token and paths. */
  get view(): SettingsView {
    const { evaluator, proxy, systemCertificates, certificates, managed } = this.#settings;
    const { withoutKeychain, contentProtection, lockAfterMinutes } = this.#settings;
    return {
      evaluator,
      token: { given: this.#isTokenGiven(), locked: this.#isTokenLocked() },
      ...{ proxy, systemCertificates, withoutKeychain, contentProtection, lockAfterMinutes, managed },
      certificates: { ...certificates, value: certificates.value && basename(certificates.value) },
      network: networkView(this.#settings),
      keychain: this.#deps.keychain,
    };
  }

  /**
   * Saves a change to the person's own file.
   *
   * @param chosen  paths that the person chose in the system's dialog.
   * @throws              CxrError `setting-locked`, `evaluator-url`, `evaluator-proxy`.
   */
  save(
    change: SettingsChange,
    chosen: { readonly certificates?: string; readonly watchFolder?: string } = {},
  ): void {
    const { token, evaluator, ...rest } = change;
    if (evaluator !== undefined && evaluator !== embedded) parseEvaluatorUrl(evaluator);
    if (rest.proxy !== undefined) checkProxy(rest.proxy);
    if (token !== undefined && this.#isTokenLocked())
      throw new CxrError('setting-locked', { setting: 'token' });
    const file = changedFile(this.#settings, this.#own(), {
      ...rest,
      ...(evaluator === undefined ? {} : { evaluator: evaluator === embedded ? null : evaluator }),
      ...chosen,
    });
    writePrivate(this.#path, file);
    if (token !== undefined) this.#deps.token.set(token);
    this.#settings = this.#resolved();
  }

  /**
   * Says how the evaluator is reached by the settings as they are.
   *
   * @param instead  another address or token to take in their place, to try them out.
   * @throws         CxrError `setting-invalid` for a file of the settings, or a file that one names, that cannot be
   *                 read.
   */
  async connection(
    instead: { evaluator?: string; token?: string | null | undefined } = {},
  ): Promise<Connection> {
    const { evaluator: configured, fault, systemCertificates } = this.#settings;
    const evaluator = instead.evaluator ?? configured.value;
    if (fault !== null && evaluator === configured.value) throw fault;
    const isEmbedded = evaluator === embedded;
    const url = isEmbedded ? await this.#deps.embeddedUrl() : evaluator;
    return {
      url,
      embedded: isEmbedded,
      token: isEmbedded ? null : instead.token === undefined ? this.#token() : instead.token,
      proxy: isEmbedded ? { kind: 'direct' } : await this.#proxyFor(url),
      certificates: {
        system: systemCertificates.value,
        extra: certificatesOf(this.#settings),
      },
    };
  }

  async #proxyFor(url: string): Promise<ProxyChoice> {
    const { value } = this.#settings.proxy;
    if (value === 'none') return { kind: 'direct' };
    if (value !== 'system') return { kind: 'at', url: value };
    // An address that is none is refused by the engine.
    return URL.canParse(url) ? proxyFromScript(await this.#deps.systemProxy(url)) : { kind: 'direct' };
  }

  #isTokenLocked(): boolean {
    return this.#settings.tokenFile.value !== null || Boolean(this.#deps.environment.CIPHERFILM_TOKEN);
  }
  #isTokenGiven(): boolean {
    return this.#isTokenLocked() || this.#deps.token.value !== null;
  }

  #token(): string | null {
    return givenToken(this.#settings, this.#deps.environment) ?? this.#deps.token.value;
  }

  #own(): string | null {
    return settingsText(this.#path);
  }

  #resolved(): Settings {
    const { policy, argv, environment } = this.#deps;
    return resolveSettings({ policy, argv, environment, own: this.#own() });
  }
}

/** Without paths. */
function networkView(settings: Settings): NetworkView {
  const { dicomTitle, dicomPort, dicomCallers, watchFolder } = settings;
  const { archive, archiveTls, archiveUrl, sendResults } = settings;
  return {
    ...{ dicomTitle, dicomPort, dicomCallers, archive, archiveTls, archiveUrl },
    watchFolder: { ...watchFolder, value: watchFolder.value && basename(watchFolder.value) },
    sendResults: sendResults.value,
  };
}

function checkProxy(proxy: string): void {
  const isAddress = ['http:', 'https:'].includes(URL.parse(proxy)?.protocol ?? '');
  if (proxy !== 'system' && proxy !== 'none' && !isAddress)
    throw new CxrError('evaluator-proxy', { reason: 'neither http nor https' });
}
