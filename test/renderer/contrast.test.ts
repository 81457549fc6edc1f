import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The contrast of both themes' colours, by WCAG 2.2: 4.5:1 for text (1.4.3), 3:1 for marks and edges (1.4.11). */
const css = readFileSync(join(import.meta.dirname, '..', '..', 'renderer', 'app.css'), 'utf8');

const colours = (block: string): Map<string, string> =>
  new Map([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name!, colour!]));
const dark = colours(/:root \{([^}]*)\}/.exec(css)![1]!);
const light = new Map([...dark, ...colours(/:root\[data-theme="light"\] \{([^}]*)\}/.exec(css)![1]!)]);

/** Relative luminance of `#rrggbb`, in [0, 1]. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [brighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (brighter + 0.05) / (darker + 0.05);
}

const texts = ['text', 'quiet', 'above', 'below', 'good', 'bad', 'focus'];
const grounds = ['ground', 'panel', 'raised', 'hover'];
const marks = ['edge', 'zone', 'above', 'below', 'focus'];

it('knows what contrast is', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  // The textbook pair just above and just below 4.5:1 on white.
  expect(contrast('#767676', '#ffffff')).toBeGreaterThanOrEqual(4.5);
  expect(contrast('#777777', '#ffffff')).toBeLessThan(4.5);
});

describe.each([
  ['dark', dark],
  ['light', light],
] as const)('the %s theme', (_, theme) => {
  const of = (name: string) => theme.get(name)!;
  it.each(texts.flatMap((text) => grounds.map((ground) => [text, ground] as const)))(
    'can be read: %s on %s',
    (text, ground) => {
      expect(contrast(of(text), of(ground))).toBeGreaterThanOrEqual(4.5);
    },
  );
  it.each(marks)('shows its marks and edges: %s on the panel', (mark) => {
    expect(contrast(of(mark), of('panel'))).toBeGreaterThanOrEqual(3);
  });
  it('can be read in the line on research use, and on films', () => {
    expect(contrast(of('on-research'), of('research'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('on-film'), '#000000')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(of('film-note'), '#000000')).toBeGreaterThanOrEqual(4.5);
    // A white film behind the shade: 255 · (1 − opacity) of white is left.
    const opacity = Number(/--film-shade: rgb\(0 0 0 \/ (\d+)%\)/.exec(css)![1]) / 100;
    const left = Math.round(255 * (1 - opacity))
      .toString(16)
      .padStart(2, '0');
    for (const name of ['on-film', 'film-note'])
      expect(contrast(of(name), `#${left.repeat(3)}`)).toBeGreaterThanOrEqual(4.5);
  });
});
