import type { Setting, SettingName, SettingsFile } from '../../contract/settings.ts';

/** The settings of DICOM over the network, and where each came from. Null stands for what nobody has set. */
export type NetworkSettings = {
  readonly dicomTitle: Setting<string>;
  readonly dicomPort: Setting<number | null>;
  readonly dicomAddress: Setting<string | null>;
  readonly dicomCallers: Setting<readonly string[]>;
  readonly dicomCertificate: Setting<string | null>;
  readonly dicomKey: Setting<string | null>;
  readonly dicomAuthorities: Setting<string | null>;
  readonly dicomAssociations: Setting<number>;
  readonly dicomPerMinute: Setting<number>;
  readonly dicomMegabytes: Setting<number>;
  readonly watchFolder: Setting<string | null>;
  readonly archive: Setting<string | null>;
  readonly archiveTls: Setting<boolean>;
  readonly archiveUrl: Setting<string | null>;
  readonly archiveTokenFile: Setting<string | null>;
  readonly archiveLoginFile: Setting<string | null>;
};

/** Finds one setting, or gives `fallback` where nobody has set it. */
type Pick = <N extends SettingName, T>(name: N, fallback: T) => Setting<NonNullable<SettingsFile[N]> | T>;

/** Takes each from where it is set first. What nobody has set is off, or bounded as one workstation needs it. */
export const networkSettingsFrom = (pick: Pick): NetworkSettings => ({
  dicomTitle: pick('dicomTitle', 'CIPHERFILM'),
  dicomPort: pick('dicomPort', null),
  dicomAddress: pick('dicomAddress', null),
  dicomCallers: pick('dicomCallers', []),
  dicomCertificate: pick('dicomCertificate', null),
  dicomKey: pick('dicomKey', null),
  dicomAuthorities: pick('dicomAuthorities', null),
  dicomAssociations: pick('dicomAssociations', 32),
  dicomPerMinute: pick('dicomPerMinute', 600),
  dicomMegabytes: pick('dicomMegabytes', 20_000),
  watchFolder: pick('watchFolder', null),
  archive: pick('archive', null),
  archiveTls: pick('archiveTls', false),
  archiveUrl: pick('archiveUrl', null),
  archiveTokenFile: pick('archiveTokenFile', null),
  archiveLoginFile: pick('archiveLoginFile', null),
});
