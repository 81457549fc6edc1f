import { z } from 'zod';
import { networkSettings } from './network/settings.ts';

const minutes = z
  .number()
  .int()
  .min(0)
  .max(24 * 60);

/**
 * What a workstation can be told. The person's own `config.json` and the policy of whoever runs the workstation have
 * this same format. What the policy says is locked: nobody can overrule it on the workstation.
 */
export const settingsSchema = z
  .object({
    /** The address of an evaluator. `embedded` stands for the one that this application starts on this machine. */
    evaluator: z.string().min(1).max(2_048),
    /** The path of a file with the access token, for whoever hands tokens out to workstations. */
    tokenFile: z.string().min(1).max(4_096),
    /** `system`, `none`, or the address of a proxy. */
    proxy: z.string().min(1).max(2_048),
    /** True to trust the authorities that the operating system trusts. */
    systemCertificates: z.boolean(),
    /** The path of a PEM file with further certificates to trust. */
    certificates: z.string().min(1).max(4_096),
    /** True to keep the worklist on disk although the system has no keychain. */
    withoutKeychain: z.boolean(),
    /** True to keep the window out of screenshots, recordings and shared screens, on Windows and macOS. */
    contentProtection: z.boolean(),
    /** After so many minutes without anybody at the window the keys leave the memory; 0 for never. */
    lockAfterMinutes: minutes,
    ...networkSettings,
  })
  .partial();
export type SettingsFile = z.infer<typeof settingsSchema>;

/**
 * The same for a policy, which alone may have results leave without a person's action. A key that is not known is refused
 * there: misspelt, it would lock nothing.
 */
export const policySchema = settingsSchema
  .extend({
    /** `all` new results, or those with a finding `above` its threshold, are sent to the archive. */
    sendResults: z.enum(['above', 'all']).optional(),
  })
  .strict();
export type PolicyFile = z.infer<typeof policySchema>;
/** The name of a setting, as the files spell it. */
export type SettingName = keyof SettingsFile;

/** Where a setting comes from. A `policy` cannot be overruled; `own` is the person's own file. */
export type SettingSource = 'policy' | 'command line' | 'environment' | 'own' | 'default';
/** A setting's value, and where it comes from. */
export type Setting<T> = { readonly value: T; readonly source: SettingSource };

/**
 * The settings as the window shows them. The window does not learn the token, only whether there is one. It does not
 * learn a path, only its last part.
 */
export type SettingsView = {
  readonly evaluator: Setting<string>;
  readonly token: { readonly given: boolean; readonly locked: boolean };
  readonly proxy: Setting<string>;
  readonly systemCertificates: Setting<boolean>;
  readonly certificates: Setting<string | null>;
  readonly withoutKeychain: Setting<boolean>;
  readonly contentProtection: Setting<boolean>;
  readonly lockAfterMinutes: Setting<number>;
  /** What goes over the network to and from other machines than the evaluator. */
  readonly network: NetworkView;
  /** The name of the system's keychain, which keeps secrets here. It is null where there is none. */
  readonly keychain: string | null;
  /** True when this machine has a policy. */
  readonly managed: boolean;
};

/** The settings of DICOM over the network that the window shows. Those that name files are set in files. */
export type NetworkView = {
  readonly dicomTitle: Setting<string>;
  readonly dicomPort: Setting<number | null>;
  readonly dicomCallers: Setting<readonly string[]>;
  /** The last part of its path. */
  readonly watchFolder: Setting<string | null>;
  readonly archive: Setting<string | null>;
  readonly archiveTls: Setting<boolean>;
  readonly archiveUrl: Setting<string | null>;
  readonly sendResults: 'by hand' | 'above' | 'all';
};

/** What the window may change. `null` takes a setting back to its default: no token, no further certificates. */
export const settingsChangeSchema = z
  .object({
    evaluator: z.string().min(1).max(2_048),
    proxy: z.string().min(1).max(2_048),
    systemCertificates: z.boolean(),
    certificates: z.null(),
    token: z.string().min(1).max(512).nullable(),
    withoutKeychain: z.boolean(),
    contentProtection: z.boolean(),
    lockAfterMinutes: minutes,
    dicomTitle: networkSettings.dicomTitle.nullable(),
    dicomPort: networkSettings.dicomPort.nullable(),
    dicomCallers: networkSettings.dicomCallers,
    watchFolder: z.null(),
    archive: networkSettings.archive.nullable(),
    archiveTls: z.boolean(),
    archiveUrl: networkSettings.archiveUrl.nullable(),
  })
  .partial();
export type SettingsChange = z.infer<typeof settingsChangeSchema>;
