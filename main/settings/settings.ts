import type { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import {
  type PolicyFile,
  policySchema,
  type Setting,
  type SettingName,
  type SettingsFile,
  settingsSchema,
} from '../../contract/settings.ts';
import { type NetworkSettings, networkSettingsFrom } from './network-settings.ts';

/** Where settings come from. A source that stands earlier here is stronger. */
export type SettingSources = {
  /** The content of the policy file; null when there is none. */
  readonly policy: string | null;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The content of <userData>/config.json, the person's own file; null when there is none. */
  readonly own: string | null;
};

/** Every setting, and where it came from. Paths are as somebody wrote them. */
export type Settings = NetworkSettings & {
  /** An address, or `embedded`. */
  readonly evaluator: Setting<string>;
  readonly tokenFile: Setting<string | null>;
  readonly proxy: Setting<string>;
  readonly systemCertificates: Setting<boolean>;
  readonly certificates: Setting<string | null>;
  readonly withoutKeychain: Setting<boolean>;
  readonly contentProtection: Setting<boolean>;
  readonly lockAfterMinutes: Setting<number>;
  /** Which new results are sent to the archive without a person's action. Only a policy can say that. */
  readonly sendResults: Setting<'by hand' | 'above' | 'all'>;
  readonly managed: boolean;
  /** Why nothing may be sent: a file that decides the evaluator cannot be understood. It names file and key. */
  readonly fault: CxrError<'setting-invalid'> | null;
};

/** Half an hour: longer than a pause between two studies, shorter than a reading room stays empty. */
const usualLockMinutes = 30;

/** Stands in place of an address for the evaluator that this application starts on this machine. */
export const embedded = 'embedded';

/**
 * Works out what the workstation was told. The policy is asked first, then `--evaluator`, then CIPHERFILM_EVALUATOR,
 * then the person's own file.
 *
 * A file that cannot be understood must not lead to another place than the one that was configured, and least of all to
 * "embedded". Its name then stands as the evaluator's address, which the engine refuses ('evaluator-url'), and `fault`
 * says what is wrong with it.
 */
export function resolveSettings({ policy, argv, environment, own }: SettingSources): Settings {
  const { file: fixed, fault: policyFault } = parsed(policy, 'policy.json', policySchema);
  const { file: theirs, fault: ownFault } = parsed(own, 'config.json', settingsSchema);
  const pick = <N extends SettingName, T>(
    name: N,
    fallback: T,
  ): Setting<NonNullable<SettingsFile[N]> | T> => {
    if (fixed[name] !== undefined) return { value: fixed[name], source: 'policy' };
    if (theirs[name] !== undefined) return { value: theirs[name], source: 'own' };
    return { value: fallback, source: 'default' };
  };
  const evaluator = evaluatorFrom(fixed, argv, environment, theirs);
  return {
    evaluator,
    tokenFile: pick('tokenFile', null),
    proxy: pick('proxy', 'system'),
    systemCertificates: pick('systemCertificates', true),
    certificates: pick('certificates', null),
    withoutKeychain: pick('withoutKeychain', false),
    contentProtection: pick('contentProtection', false),
    lockAfterMinutes: pick('lockAfterMinutes', usualLockMinutes),
    ...networkSettingsFrom(pick),
    sendResults:
      fixed.sendResults === undefined
        ? { value: 'by hand', source: 'default' }
        : { value: fixed.sendResults, source: 'policy' },
    managed: policy !== null,
    fault: policyFault ?? (evaluator.source === 'own' ? ownFault : null),
  };
}

function evaluatorFrom(
  fixed: SettingsFile,
  argv: readonly string[],
  environment: SettingSources['environment'],
  theirs: SettingsFile,
): Setting<string> {
  if (fixed.evaluator !== undefined) return { value: fixed.evaluator, source: 'policy' };
  const flagAt = argv.indexOf('--evaluator');
  const inline = argv.find((argument) => argument.startsWith('--evaluator='))?.slice('--evaluator='.length);
  const flag = flagAt === -1 ? inline : (argv[flagAt + 1] ?? '');
  if (flag) return { value: flag, source: 'command line' };
  if (environment.CIPHERFILM_EVALUATOR)
    return { value: environment.CIPHERFILM_EVALUATOR, source: 'environment' };
  if (theirs.evaluator !== undefined) return { value: theirs.evaluator, source: 'own' };
  return { value: embedded, source: 'default' };
}

type Parsed = { readonly file: PolicyFile; readonly fault: CxrError<'setting-invalid'> | null };

/** @param name  the file's name, which stands as the evaluator's address in a file that is not understood. */
function parsed(text: string | null, name: string, schema: z.ZodType<PolicyFile>): Parsed {
  if (text === null) return { file: {}, fault: null };
  const broken = (reason: string, setting?: string): Parsed => ({
    file: { evaluator: name },
    fault: new CxrError('setting-invalid', {
      file: name,
      ...(setting === undefined ? {} : { setting }),
      reason,
    }),
  });
  if (text.trim() === '') return broken('empty or unreadable');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return broken('not JSON');
  }
  const found = schema.safeParse(content);
  if (found.success) return { file: found.data, fault: null };
  const [issue] = found.error.issues;
  // The value stays out of the error: it may be an address with a password.
  if (issue?.code === 'unrecognized_keys') return broken('unknown key', issue.keys[0]?.slice(0, 64));
  const key = issue?.path[0];
  return key === undefined ? broken('not an object') : broken('wrong value', String(key));
}

/**
 * Makes a change to the person's own file. What is not understood in the file is dropped.
 *
 * @param own     the content of the file; null when there is none.
 * @param change  the settings to change: `undefined` leaves a setting as it is, `null` takes it back to its default.
 * @returns       the new content of the file.
 * @throws        CxrError `setting-locked` for a setting that the policy, the command line or the environment decides.
 */
export function changedFile(
  settings: Settings,
  own: string | null,
  change: { readonly [N in SettingName]?: SettingsFile[N] | null },
): string {
  const file: Record<string, unknown> = { ...parsed(own, '', settingsSchema).file };
  if (file.evaluator === '') delete file.evaluator;
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) continue;
    const { source } = settings[name as SettingName];
    if (source !== 'own' && source !== 'default')
      throw new CxrError('setting-locked', { setting: name, by: source });
    if (value === null) delete file[name];
    else file[name] = value;
  }
  return `${JSON.stringify(file, null, 2)}\n`;
}
