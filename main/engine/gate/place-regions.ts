import type { Orientation } from '../../../contract/image/orientation.ts';
import type { EngineInput, Regions } from '../../../contract/stages.ts';

/**
 * Brings the regions of an image as the model saw it to where they lie on the film as it is stored: turned as the film lies, and
 * within the part of it that was left when margins had been cut off.
 *
 * @param lay  how the film lay before it was turned upright.
 */
export function placeRegions(
  regions: Regions,
  lay: Orientation,
  { field, facts }: Pick<EngineInput, 'field' | 'facts'>,
): Regions {
  const { rows, columns, logits } = regions;
  const isTurned = lay.quarters % 2 === 1;
  const stored: number[] = new Array(logits.length).fill(0);
  const storedColumns = isTurned ? rows : columns;
  for (const [index, logit] of logits.entries()) {
    let [row, column] = [Math.floor(index / columns), index % columns];
    let [height, width] = [rows, columns];
    if (lay.mirrored) column = width - 1 - column;
    // A quarter to the left: the right edge comes up.
    for (let k = 0; k < lay.quarters; k += 1) {
      [row, column] = [width - 1 - column, row];
      [height, width] = [width, height];
    }
    stored[row * storedColumns + column] = logit;
  }
  const isWhole = field.rows === facts.rows && field.columns === facts.columns;
  return {
    ...{ rows: isTurned ? columns : rows, columns: storedColumns, logits: stored },
    ...(isWhole ? {} : { within: field }),
  };
}
