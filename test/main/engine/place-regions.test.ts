import { describe, expect, it } from 'vitest';
import { orientationOf } from '../../../contract/image/orientation.ts';
import type { EngineInput } from '../../../contract/stages.ts';
import { placeRegions } from '../../../main/engine/gate/place-regions.ts';

const film = (field: EngineInput['field']) =>
  ({ field, facts: { rows: 100, columns: 80 } as EngineInput['facts'] }) as const;
const whole = film({ top: 0, left: 0, rows: 100, columns: 80 });
/** 1 2 3 above 4 5 6. */
const regions = { rows: 2, columns: 3, logits: [1, 2, 3, 4, 5, 6] };

describe('the regions of an image', () => {
  it('stay where they are on an upright film', () => {
    expect(placeRegions(regions, orientationOf(0), whole)).toEqual(regions);
  });

  // Turned to the left, the right column 3 6 is the first row; mirrored, each row runs backwards.
  it.each([
    [1, 3, 2, [3, 6, 2, 5, 1, 4]],
    [2, 2, 3, [6, 5, 4, 3, 2, 1]],
    [3, 3, 2, [4, 1, 5, 2, 6, 3]],
    [4, 2, 3, [3, 2, 1, 6, 5, 4]],
    [5, 3, 2, [1, 4, 2, 5, 3, 6]],
    [6, 2, 3, [4, 5, 6, 1, 2, 3]],
    [7, 3, 2, [6, 3, 5, 2, 4, 1]],
  ] as const)('lie on the film as it is stored, way %i', (way, rows, columns, logits) => {
    expect(placeRegions(regions, orientationOf(way), whole)).toEqual({ rows, columns, logits });
  });

  it('lie within what was left of the film', () => {
    const field = { top: 10, left: 0, rows: 80, columns: 80 };
    expect(placeRegions(regions, orientationOf(0), film(field))).toEqual({ ...regions, within: field });
  });
});
