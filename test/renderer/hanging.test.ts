import { describe, expect, it } from 'vitest';
import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
import { beside, comparisonOf, nextComparison } from '../../renderer/viewer/hanging.ts';

const image = (id: string, view: string | null) => ({ id, frame: { view } }) as ImageRow;
const study = (id: string, images: readonly ImageRow[], more: Partial<StudyRow> = {}) =>
  ({ id, images, scoredImageId: images[0]?.id ?? null, priorId: null, ...more }) as StudyRow;

const [frontal, again, lateral] = [image('pa', 'PA'), image('pa-2', 'PA'), image('ll', 'LL')];
const old = study('old', [image('old-ap', 'AP'), image('old-pa', 'PA'), image('old-lat', 'LAT')], {
  scoredImageId: 'old-pa',
});
const now = study('now', [frontal, again, lateral], { priorId: 'old' });
const alone = study('alone', [frontal]);
const rows = [now, old, alone];
const shown = (...given: Parameters<typeof beside>) => beside(...given)?.image.id ?? null;

describe('what hangs beside an image', () => {
  it('is the view that the image is not', () => {
    expect(shown('view', now, frontal, rows)).toBe('ll');
    expect(shown('view', now, lateral, rows)).toBe('pa');
    // Two frontal images and no lateral one: the other.
    expect(shown('view', study('two', [frontal, again]), frontal, rows)).toBe('pa-2');
  });
  it('is the same view of the earlier study, of several frontal ones that which was classified', () => {
    expect(shown('prior', now, frontal, rows)).toBe('old-pa');
    expect(shown('prior', now, lateral, rows)).toBe('old-lat');
    // The earlier study has frontal images only.
    const frontals = study('old', old.images.slice(0, 1));
    expect(shown('prior', now, lateral, [now, frontals])).toBe('old-ap');
  });
  it('is nothing where there is nothing of the kind, or nobody asked', () => {
    expect(shown('none', now, frontal, rows)).toBeNull();
    expect(shown('view', alone, frontal, rows)).toBeNull();
    expect(shown('prior', alone, frontal, rows)).toBeNull();
    expect(shown('prior', now, frontal, [now])).toBeNull();
  });
  it('goes round through what there is', () => {
    const next = (from: Parameters<typeof nextComparison>[0], of: StudyRow) =>
      nextComparison(from, of, frontal, rows);
    expect([next('none', now), next('view', now), next('prior', now)]).toEqual(['view', 'prior', 'none']);
    const single = study('single', [frontal], { priorId: 'old' });
    expect([next('none', single), next('view', single), next('prior', single)]).toEqual([
      'prior',
      'prior',
      'none',
    ]);
    expect(next('prior', alone)).toBe('none');
  });
  it('is remembered', () => {
    expect([comparisonOf('prior'), comparisonOf('yes'), comparisonOf(null)]).toEqual([
      'prior',
      'none',
      'none',
    ]);
  });
});
