import { z } from 'zod';

/**
 * What a workstation can be told. One file format for the person's own `config.json` and for the policy of whoever runs
 * the workstation; what the policy says is locked.
 */
export const settingsSchema = z
  .object({
    /** Address of an evaluator; `embedded` for the one that this application starts on this machine. */
    evaluator: z.string().min(1).max(2_048),
    /** File with the access token, for whoever hands tokens out to workstations. */
    tokenFile: z.string().min(1).max(4_096),
    /** `system`, `none`, or the address of a proxy. */
    proxy: z.string().min(1).max(2_048),
    /** Trust what the operating system trusts. */
    systemCertificates: z.boolean(),
    /** PEM file with further certificates to trust. */
    certificates: z.string().min(1).max(4_096),
    /** Keep the worklist although the system has no keychain. */
    withoutKeychain: z.boolean(),
  })
  .partial();
export type SettingsFile = z.infer<typeof settingsSchema>;
export type SettingName = keyof SettingsFile;

/** Who said so; `policy` cannot be overruled. */
export type SettingSource = 'policy' | 'command line' | 'environment' | 'own' | 'default';
export type Setting<T> = { readonly value: T; readonly source: SettingSource };

/** Settings as the window shows them: no token and no path, only whether there is one and its last part. */
export type SettingsView = {
  readonly evaluator: Setting<string>;
  readonly token: { readonly given: boolean; readonly locked: boolean };
  readonly proxy: Setting<string>;
  readonly systemCertificates: Setting<boolean>;
  readonly certificates: Setting<string | null>;
  readonly withoutKeychain: Setting<boolean>;
  /** What keeps secrets here: the system's keychain by its name, or nothing. */
  readonly keychain: string | null;
  /** A policy exists. */
  readonly managed: boolean;
};

/** What the window may change; a token `null` forgets it, an empty certificate list is `null`. */
export const settingsChangeSchema = z
  .object({
    evaluator: z.string().min(1).max(2_048),
    proxy: z.string().min(1).max(2_048),
    systemCertificates: z.boolean(),
    certificates: z.null(),
    token: z.string().min(1).max(512).nullable(),
    withoutKeychain: z.boolean(),
  })
  .partial();
export type SettingsChange = z.infer<typeof settingsChangeSchema>;
