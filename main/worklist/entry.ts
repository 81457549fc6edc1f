import { randomUUID } from 'node:crypto';
import type { AnalysisId } from '../../contract/ids/analysis-id.ts';
import type { ImageHeader } from '../../contract/image/header.ts';
import type { Location, Scanned } from '../../contract/ipc/reader.ts';
import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
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
    state: 'unasked',
    progress: null,
    seen: [],
    pair: null,
    result: null,
    check: null,
    error: null,
    addedAt: Date.now(),
    urgency: null,
    priorId: null,
  },
  locations: new Map(),
  ...ofThisRun(),
});

/** Makes the entry of a study as an earlier run left it. A study that was under way or waiting then waits now. */
export function reopened({ row, locations }: StoredStudy): Entry {
  const isOpen = row.state === 'working' || row.state === 'waiting';
  return {
    row: isOpen ? { ...row, state: 'waiting', progress: null, seen: [] } : withoutUnfinishedCheck(row),
    locations: new Map(locations),
    ...ofThisRun(),
  };
}

const withoutUnfinishedCheck = (row: StudyRow): StudyRow =>
  row.check === 'working' ? { ...row, check: null } : row;

/**
 * Puts an image into its study. An image that is there already may have moved, so its place is taken over.
 *
 * @returns whether the image is new.
 */
export function takeImage(entry: Entry, one: Extract<Scanned, { kind: 'taken' }>): boolean {
  const { image: frame, series } = one.header;
  const same = entry.row.images.find((known) => known.frame.uid === frame.uid);
  const image: ImageRow = same ?? { id: randomUUID(), name: one.name, series, frame };
  entry.locations.set(image.id, one.location);
  if (same === undefined) entry.row = { ...entry.row, images: [...entry.row.images, image].sort(bySeries) };
  return same === undefined;
}

/** Orders the images of a study by series, then by their place in it. */
const bySeries = (a: ImageRow, b: ImageRow): number =>
  (a.series.number ?? 1e9) - (b.series.number ?? 1e9) ||
  a.series.uid.localeCompare(b.series.uid) ||
  (a.frame.number ?? 1e9) - (b.frame.number ?? 1e9) ||
  a.frame.uid.localeCompare(b.frame.uid);
