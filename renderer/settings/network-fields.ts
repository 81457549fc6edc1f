import { entityPattern, titlePattern } from '../../contract/network/entity.ts';
import type { NetworkView, SettingsChange } from '../../contract/settings.ts';

/** What is in the fields about other machines. A field that is empty turns off what it names. */
export type NetworkDraft = {
  title: string;
  port: string;
  /** AE titles with commas between them. */
  callers: string;
  archive: string;
  archiveTls: boolean;
  archiveUrl: string;
};

/** The fields as the settings are kept. */
export const networkDraft = (view: NetworkView): NetworkDraft => ({
  title: view.dicomTitle.value,
  port: view.dicomPort.value === null ? '' : String(view.dicomPort.value),
  callers: view.dicomCallers.value.join(', '),
  archive: view.archive.value ?? '',
  archiveTls: view.archiveTls.value,
  archiveUrl: view.archiveUrl.value ?? '',
});

const titlesIn = (callers: string): string[] =>
  callers
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);

/** What is wrong with each field, in words that say what it takes. */
export function networkFaults(draft: NetworkDraft): Partial<Record<keyof NetworkDraft, string>> {
  const port = draft.port.trim();
  const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
  const archive = entityPattern.exec(draft.archive.trim());
  const url = draft.archiveUrl.trim();
  const callers = titlesIn(draft.callers);
  return {
    ...(draft.title.trim() !== '' && !titlePattern.test(draft.title.trim())
      ? { title: 'At most 16 letters, digits and signs, without a backslash.' }
      : {}),
    ...(port !== '' && !isPort(port) ? { port: 'A number from 1 to 65535, or nothing.' } : {}),
    ...(callers.some((caller) => !titlePattern.test(caller))
      ? { callers: 'AE titles of at most 16 characters, with commas between them.' }
      : port !== '' && callers.length === 0
        ? { callers: 'Name who may send: nobody else is let in.' }
        : {}),
    ...(draft.archive.trim() !== '' && (archive === null || !isPort(archive[3]!))
      ? { archive: 'NAME@host:port, such as PACS@pacs.example.org:11112.' }
      : {}),
    ...(url !== '' && !/^https?:\/\/[^/]/.test(url)
      ? { archiveUrl: 'An address that begins with https://.' }
      : {}),
  };
}

/** The change of settings that the fields ask for: only what differs. */
export function networkChange(draft: NetworkDraft, kept: NetworkDraft): SettingsChange {
  const text = (field: 'title' | 'port' | 'callers' | 'archive' | 'archiveUrl') => draft[field].trim();
  const differs = (field: keyof NetworkDraft) => draft[field] !== kept[field];
  const orNull = (value: string) => (value === '' ? null : value);
  return {
    ...(differs('title') ? { dicomTitle: orNull(text('title')) } : {}),
    ...(differs('port') ? { dicomPort: text('port') === '' ? null : Number(text('port')) } : {}),
    ...(differs('callers')
      ? {
          dicomCallers: text('callers')
            .split(/\s*,\s*/)
            .filter(Boolean),
        }
      : {}),
    ...(differs('archive') ? { archive: orNull(text('archive')) } : {}),
    ...(differs('archiveTls') ? { archiveTls: draft.archiveTls } : {}),
    ...(differs('archiveUrl') ? { archiveUrl: orNull(text('archiveUrl')) } : {}),
  };
}
