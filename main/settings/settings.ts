import { CxrError } from '../../contract/errors.ts';
import {
  type Setting,
  type SettingName,
  type SettingsFile,
  settingsSchema,
} from '../../contract/settings.ts';

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
export type Settings = {
  /** An address, or `embedded`. */
  readonly evaluator: Setting<string>;
  readonly tokenFile: Setting<string | null>;
  readonly proxy: Setting<string>;
  readonly systemCertificates: Setting<boolean>;
  readonly certificates: Setting<string | null>;
  readonly withoutKeychain: Setting<boolean>;
  readonly contentProtection: Setting<boolean>;
  readonly managed: boolean;
};

/** Stands in place of an address for the evaluator that this application starts on this machine. */
export const embedded = 'embedded';

/**
 * Works out what the workstation was told. The policy is asked first, then `--evaluator`, then CIPHERFILM_EVALUATOR,
 * then the person's own file.
 *
 * A file that cannot be understood must not lead to another place than the one that was configured, and least of all to
 * "embedded". Its name then stands as the evaluator's address, which the engine refuses ('evaluator-url').
 */
export function resolveSettings({ policy, argv, environment, own }: SettingSources): Settings {
  const fixed = parsed(policy, 'policy.json');
  const theirs = parsed(own, 'config.json');
  const pick = <N extends SettingName, T>(
    name: N,
    fallback: T,
  ): Setting<NonNullable<SettingsFile[N]> | T> => {
    if (fixed[name] !== undefined) return { value: fixed[name], source: 'policy' };
    if (theirs[name] !== undefined) return { value: theirs[name], source: 'own' };
    return { value: fallback, source: 'default' };
  };
  return {
    evaluator: evaluatorFrom(fixed, argv, environment, theirs),
    tokenFile: pick('tokenFile', null),
    proxy: pick('proxy', 'system'),
    systemCertificates: pick('systemCertificates', true),
    certificates: pick('certificates', null),
    withoutKeychain: pick('withoutKeychain', false),
    contentProtection: pick('contentProtection', false),
    managed: policy !== null,
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

function parsed(text: string | null, name: string): SettingsFile {
  if (text === null) return {};
  try {
    return settingsSchema.parse(JSON.parse(text));
  } catch {
    return { evaluator: name };
  }
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
  const file: Record<string, unknown> = { ...parsed(own, '') };
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
