import { randomUUID } from 'node:crypto';
import type { AnalysisId } from '../../contract/ids/analysis-id.ts';
import type { ImageHeader } from '../../contract/image/header.ts';
import type { Location, Scanned } from '../../contract/ipc/reader.ts';
import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
import { hasAnswer } from './has-answer.ts';
import type { StoredStudy } from './store.ts';

/** What the worklist knows of one study: the row that is shown and stored, and what only this run needs. */
export type Entry = {
  row: StudyRow;
  readonly locations: Map<string, Location>;
  /** The images that were tried since somebody last asked. */
  readonly tried: Set<string>;
  /** True when the rules chose the image. The next one is then tried when the gate refuses this one. */
  byRule: boolean;
  /** How often a process died under this study since somebody last asked. */
  crashes: number;
  /** The analysis under way. An event that comes late from an earlier one has another id and is ignored. */
  analysis: AnalysisId | null;
  /** Gives up reading the image of that analysis. */
  reading: AbortController | null;
};

const ofThisRun = () => ({
  tried: new Set<string>(),
  byRule: true,
  crashes: 0,
  analysis: null,
  reading: null,
});

/** Makes the entry of a study that was never seen before. Nobody has asked for its classification yet. */
export const freshEntry = ({ patient, study }: Pick<ImageHeader, 'patient' | 'study'>): Entry => ({
  row: {
    id: randomUUID(),
    patient,
    study,
    images: [],
    scoredImageId: null,
    turns: false,
    state: 'unasked',
    progress: null,
    seen: [],
    pair: null,
    asked: null,
    result: null,
    resultAt: null,
    exports: [],
    check: null,
    error: null,
    addedAt: Date.now(),
    urgency: null,
    priorId: null,
  },
  locations: new Map(),
  ...ofThisRun(),
});

/**
 * Makes the entry of a study as an earlier run left it. A study that was under way or waiting then waits now. One whose
 * answer had come goes on by itself only from the disk, for the reason that `afterFailure` has.
 */
export const reopened = ({ row, locations }: StoredStudy): Entry => ({
  row: { ...withoutUnfinishedCheck(row), ...ofLaterVersions(row), ...afterEnd(row) },
  locations: new Map(locations),
  ...ofThisRun(),
});

/** What rows of an earlier version do not have. */
const ofLaterVersions = (row: StudyRow): Partial<StudyRow> => ({
  resultAt: row.resultAt ?? (row.result === null ? null : new Date(row.addedAt).toISOString()),
  exports: row.exports ?? [],
  turns: row.turns ?? false,
});

function afterEnd(row: StudyRow): Partial<StudyRow> {
  // Rows of an earlier version have no question.
  const asked = row.asked ?? null;
  if (row.state !== 'working' && row.state !== 'waiting') return { asked };
  if (row.state === 'working' && hasAnswer(row) && asked === null)
    return { state: 'failed', progress: null, asked, error: { code: 'engine-crashed', detail: {} } };
  return { state: 'waiting', progress: null, seen: [], pair: null, asked };
}

const withoutUnfinishedCheck = (row: StudyRow): StudyRow =>
  row.check === 'working' ? { ...row, check: null } : row;

/**
 * Puts an image into its study. An image that is there already may have moved, so its place is taken over.
 *
 * @returns `other` where the study has an image of the same UID with other pixels. The one that came first stays then,
 *          because a result may stand beside it.
 */
export function takeImage(entry: Entry, one: Extract<Scanned, { kind: 'taken' }>): 'new' | 'known' | 'other' {
  const { image: frame, series } = one.header;
  const { name, pixels, location } = one;
  const same = entry.row.images.find((known) => known.frame.uid === frame.uid);
  if (same === undefined) {
    const image: ImageRow = { id: randomUUID(), name, series, frame, pixels };
    entry.locations.set(image.id, location);
    entry.row = { ...entry.row, images: [...entry.row.images, image].sort(bySeries) };
    return 'new';
  }
  if (same.pixels !== null && same.pixels !== pixels) return 'other';
  entry.locations.set(same.id, location);
  const images = entry.row.images.map((image) => (image === same ? { ...image, pixels } : image));
  entry.row = { ...entry.row, images };
  return 'known';
}

/** Orders the images of a study by series, then by their place in it. */
const bySeries = (a: ImageRow, b: ImageRow): number =>
  (a.series.number ?? 1e9) - (b.series.number ?? 1e9) ||
  a.series.uid.localeCompare(b.series.uid) ||
  (a.frame.number ?? 1e9) - (b.frame.number ?? 1e9) ||
  a.frame.uid.localeCompare(b.frame.uid);
