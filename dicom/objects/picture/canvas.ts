import { letterColumns, letterOf, letterRows } from './font.ts';

/** Grey levels row by row, 0 = black and 255 = white. */
export type Picture = { readonly rows: number; readonly columns: number; readonly pixels: Uint8Array };

/** The width in pixels of a letter with the gap behind it; each of its dots is `scale` × `scale` of them. */
export const letterWidth = (scale: number): number => (letterColumns + 1) * scale;
/** The height in pixels of a line of text with the gap below it. */
export const lineHeight = (scale: number): number => (letterRows + 2) * scale;

/** A picture to draw on. What lies outside it is left out. */
export class Canvas implements Picture {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Uint8Array;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.pixels = new Uint8Array(rows * columns);
  }

  /** Fills a rectangle with one grey level. */
  fill(top: number, left: number, rows: number, columns: number, grey: number): void {
    const [from, to] = [Math.max(0, left), Math.min(this.columns, left + columns)];
    if (from >= to) return;
    for (let row = Math.max(0, top); row < Math.min(this.rows, top + rows); row += 1)
      this.pixels.fill(grey, row * this.columns + from, row * this.columns + to);
  }

  /** Puts another picture onto this one, dot for dot. */
  place({ rows, columns, pixels }: Picture, top: number, left: number): void {
    for (let row = 0; row < Math.min(rows, this.rows - top); row += 1) {
      const width = Math.min(columns, this.columns - left);
      this.pixels.set(
        pixels.subarray(row * columns, row * columns + width),
        (top + row) * this.columns + left,
      );
    }
  }

  /** Writes a line of text whose first letter has its upper left dot there. */
  write(text: string, top: number, left: number, scale: number, grey: number): void {
    [...text].forEach((character, index) => {
      letterOf(character).forEach((dots, column) => {
        for (let row = 0; row < letterRows; row += 1)
          if ((dots & (1 << row)) !== 0)
            this.fill(
              top + row * scale,
              left + index * letterWidth(scale) + column * scale,
              scale,
              scale,
              grey,
            );
      });
    });
  }
}
