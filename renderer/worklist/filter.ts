import type { StudyRow } from '../../contract/ipc/worklist.ts';

/** The groups of studies that the list can be narrowed to, with their names on the screen. */
export const groups = {
  all: 'all studies',
  'in-progress': 'in progress',
  above: 'above threshold',
  done: 'done',
  attention: 'refused, failed, cancelled',
  unasked: 'not classified',
} as const;
export type Group = keyof typeof groups;

const members: Readonly<Record<Group, (row: StudyRow) => boolean>> = {
  all: () => true,
  'in-progress': ({ state }) => state === 'working' || state === 'waiting',
  above: ({ urgency }) => (urgency ?? -1) >= 0,
  done: ({ state }) => state === 'done',
  attention: ({ state }) => state === 'refused' || state === 'failed' || state === 'cancelled',
  unasked: ({ state }) => state === 'unasked',
};

/**
 * Narrows the list to a group, and to the studies that have every word of `text` in the patient's name or number, the
 * accession number or the description. Upper and lower case and accents do not matter.
 */
export function filtered(rows: readonly StudyRow[], group: Group, text: string): readonly StudyRow[] {
  const words = folded(text).split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    if (!members[group](row)) return false;
    const { patient, study } = row;
    const said = folded([patient.name, patient.id, study.accession, study.description].join(' '));
    return words.every((word) => said.includes(word));
  });
}

const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{Diacritic}/gu, '')
    .toLowerCase();
