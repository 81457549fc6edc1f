import { join } from 'node:path';
import type { Connection, ProxyChoice } from '../../contract/connection.ts';
import { CxrError } from '../../contract/errors.ts';
import {
  certificatesOf,
  givenToken,
  ownFolder,
  readPolicy,
  settingsText,
} from '../settings/setting-files.ts';
import { embedded, resolveSettings, type Settings } from '../settings/settings.ts';

/** How the command line reaches its evaluator. */
export type ChosenConnection = {
  /** Null where the evaluator is one that is started on this machine. */
  readonly connection: Connection | null;
  /** True where nobody named an evaluator. */
  readonly byDefault: boolean;
  /** What the person should know: a variable that does not count. */
  readonly warnings: readonly string[];
};

/** Where the command line looks. Tests give other places. */
export type Places = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly policy: ReturnType<typeof readPolicy>;
  readonly own: string | null;
};

/** The places of this machine. @param data  the folder with the person's own file. */
export const placesHere = (data = ownFolder()): Places => ({
  environment: process.env,
  policy: readPolicy(process.env.CIPHERFILM_POLICY),
  own: settingsText(join(data, 'config.json')),
});

/**
 * Works out the evaluator and the way to it from the settings, by the same rules as the application (docs/settings.md).
 * The token that the application keeps in the system's keychain is not there for the command line, and `system` as proxy
 * means the variables HTTPS_PROXY and NO_PROXY.
 *
 * @param evaluator  the argument `--evaluator`; undefined where it was not given.
 * @throws           CxrError `setting-locked` for an argument that contradicts the policy, `setting-invalid` for a policy,
 *                   a file of the person or a file named in one that cannot be used.
 */
export function readConnection(
  evaluator: string | undefined,
  { environment, policy, own }: Places = placesHere(),
): ChosenConnection {
  const argv = evaluator === undefined ? [] : ['--evaluator', evaluator];
  const settings = resolveSettings({ policy: policy.text, argv, environment, own });
  if (settings.fault !== null) throw settings.fault;
  const chosen = settings.evaluator;
  const isLocked = chosen.source === 'policy';
  if (isLocked && evaluator !== undefined && evaluator !== chosen.value)
    throw new CxrError('setting-locked', { setting: 'evaluator', by: 'policy' });
  const isOverruled = (name: string, given: string) =>
    Boolean(environment[name]) && environment[name] !== given;
  const ignored = (name: string, setting: string) =>
    `${name} does not count: the policy ${policy.path} decides "${setting}"`;
  const warnings = [
    ...(isLocked && isOverruled('CIPHERFILM_EVALUATOR', chosen.value)
      ? [ignored('CIPHERFILM_EVALUATOR', 'evaluator')]
      : []),
    ...(settings.tokenFile.source === 'policy' && environment.CIPHERFILM_TOKEN
      ? [ignored('CIPHERFILM_TOKEN', 'tokenFile')]
      : []),
  ];
  const isHere = chosen.value === embedded;
  return {
    connection: isHere ? null : connectionTo(chosen.value, settings, environment),
    byDefault: chosen.source === 'default',
    warnings,
  };
}

const connectionTo = (url: string, settings: Settings, environment: Places['environment']): Connection => ({
  url,
  embedded: false,
  token: givenToken(settings, environment),
  proxy: proxyOf(settings.proxy.value),
  certificates: { system: settings.systemCertificates.value, extra: certificatesOf(settings) },
});

function proxyOf(value: string): ProxyChoice {
  if (value === 'none') return { kind: 'direct' };
  return value === 'system' ? { kind: 'environment' } : { kind: 'at', url: value };
}
