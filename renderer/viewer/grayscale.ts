import type { Film } from '../../contract/image/film.ts';
import type { Voi, Window } from '../../contract/image/grayscale.ts';
import { displayTable, greyLevels, isUsableWindow } from '../../dicom/display/grayscale.ts';

/** Which grayscale a film is shown under. */
export type Choice =
  | { readonly kind: 'file'; readonly index: number }
  | { readonly kind: 'auto'; readonly percent: number }
  | { readonly kind: 'full' }
  /** No look-up table of the file: stored values, from the least to the largest. */
  | { readonly kind: 'off' }
  | { readonly kind: 'own'; readonly window: Window; readonly name: string | null };

/** What a viewer begins with: the file's own grayscale, or everything that is in it. */
export const firstChoice = (film: Film): Choice =>
  film.vois.length > 0 ? { kind: 'file', index: 0 } : { kind: 'full' };

/** A window that somebody gave a name. */
export type NamedWindow = { readonly name: string; readonly window: Window };

/** Everything that a film can be shown under without anybody turning knobs. */
export const choices = (film: Film, named: readonly NamedWindow[] = []): readonly Choice[] => [
  ...film.vois.map((_, index) => ({ kind: 'file', index }) as const),
  ...film.percentiles.map(({ percent }) => ({ kind: 'auto', percent }) as const),
  { kind: 'full' },
  { kind: 'off' },
  ...named.map(({ name, window }) => ({ kind: 'own', window, name }) as const),
];

const mostNamed = 20;
const longestName = 40;

/** What was stored of them; whatever else is there is left out. */
export function storedWindows(text: string | null): readonly NamedWindow[] {
  try {
    const stored: unknown = JSON.parse(text ?? '[]');
    return (Array.isArray(stored) ? stored : []).filter(isNamedWindow).slice(0, mostNamed);
  } catch {
    return [];
  }
}

function isNamedWindow(one: Partial<NamedWindow> | null): one is NamedWindow {
  const shape = one?.window?.shape;
  return (
    typeof one?.name === 'string' &&
    one.name.length > 0 &&
    (shape === 'LINEAR' || shape === 'LINEAR_EXACT' || shape === 'SIGMOID') &&
    isUsableWindow(one.window!)
  );
}

/** With another one in front of its namesake's place; the oldest gives way when there are too many. */
export function withWindow(
  all: readonly NamedWindow[],
  name: string,
  window: Window,
): readonly NamedWindow[] {
  const kept = name.trim().slice(0, longestName);
  if (kept === '') return all;
  return [...all.filter((one) => one.name !== kept), { name: kept, window }].slice(-mostNamed);
}

/** The automatic grayscale that leaves the most usual share of the pixels out. */
export const automatic = (film: Film): Choice => ({ kind: 'auto', percent: film.percentiles[0]!.percent });

/** The VOI step of a choice. With the tables off it is the range of modality values that the stored ones stand for. */
export function voiOf(film: Film, choice: Choice): Voi {
  switch (choice.kind) {
    case 'file':
      return film.vois[choice.index]!.voi;
    case 'auto': {
      const { low, high } =
        film.percentiles.find(({ percent }) => percent === choice.percent) ?? film.percentiles[0]!;
      return { kind: 'range', low, high };
    }
    case 'full':
    case 'off':
      return { kind: 'range', ...film.range };
    case 'own':
      return { kind: 'window', window: choice.window };
  }
}

const rounded = (value: number): string => String(Number(value.toPrecision(5)));

/** What is in use, in words: never left unsaid, because it decides what can be seen. */
export function nameOf(film: Film, choice: Choice): string {
  switch (choice.kind) {
    case 'file':
      return film.vois[choice.index]!.name;
    case 'auto':
      return `Automatic, ${choice.percent} to ${100 - choice.percent} %`;
    case 'off':
      return 'Tables off: stored values';
    case 'full':
      return film.voiProblem ? 'Full range (the file’s own is unusable)' : 'Full range';
    case 'own':
      return choice.name ?? 'Own window';
  }
}

/** Centre and width in words; a table has none. */
export function numbersOf(film: Film, choice: Choice): string {
  if (choice.kind === 'off') return `${film.stored.low} to ${film.stored.high}, linear`;
  const voi = voiOf(film, choice);
  if (voi.kind === 'table') return 'table';
  const { center, width, shape } = asWindow(voi);
  return `C ${rounded(center)} W ${rounded(width)}${shape === 'LINEAR' ? '' : `, ${shapeWords[shape].toLowerCase()}`}`;
}

/** The window that comes nearest to a grayscale: from here somebody turns the knobs. */
export function asWindow(voi: Voi): Window {
  switch (voi.kind) {
    case 'window':
      return voi.window;
    case 'range':
      return {
        center: (voi.low + voi.high) / 2,
        width: Math.max(voi.high - voi.low, 1e-6),
        shape: 'LINEAR_EXACT',
      };
    case 'table': {
      const { first, entries } = voi.lut;
      return { center: first + entries.length / 2, width: entries.length, shape: 'LINEAR_EXACT' };
    }
  }
}

/** The curves of a window in words; each is named as in DICOM PS3.3 C.11.2.1.2, which files write in capitals. */
export const shapeWords: Readonly<Record<Window['shape'], string>> = {
  LINEAR: 'Linear',
  LINEAR_EXACT: 'Linear, exact',
  SIGMOID: 'Sigmoid',
};

/** Darker or brighter, and harder or softer: shares of the width, so that every kind of value is moved alike. */
export function adjusted({ center, width, shape }: Window, up: number, wider: number): Window {
  const least = shape === 'LINEAR' ? 1 : 1e-6;
  return { center: center + up * width, width: Math.max(width * Math.exp(wider), least), shape };
}

/**
 * A window as somebody typed it: numbers with a point or a comma.
 *
 * @returns the window, or what is wrong with it in words.
 */
export function typedWindow(center: string, width: string, shape: Window['shape']): Window | string {
  const [middle, extent] = [center, width].map((text) =>
    text.trim() === '' ? Number.NaN : Number(text.trim().replace(',', '.').replace('−', '-')),
  );
  if (!Number.isFinite(middle)) return 'The centre is no number.';
  if (!Number.isFinite(extent)) return 'The width is no number.';
  const window = { center: middle!, width: extent!, shape };
  if (isUsableWindow(window)) return window;
  return shape === 'LINEAR' ? 'A LINEAR width is 1 or more.' : 'The width is more than 0.';
}

/** The stored value of every code; NaN for padding. */
const storedValues = ({ modality, stored }: Film): Float64Array =>
  modality.map((value, code) => {
    if (Number.isNaN(value)) return value;
    return stored.signed && code >= modality.length / 2 ? code - modality.length : code;
  });

/** Grey level of every code of a film. */
export function levelsOf(film: Film, choice: Choice, inverted: boolean): Uint8Array {
  const { low, high } = film.stored;
  const table =
    choice.kind === 'off'
      ? displayTable(storedValues(film), { kind: 'range', low, high }, film.photometric)
      : displayTable(film.modality, voiOf(film, choice), film.photometric);
  const levels = greyLevels(table);
  if (inverted) for (let code = 0; code < levels.length; code += 1) levels[code] = 255 - levels[code]!;
  return levels;
}

/** What lies under the mouse, in words: the modality value with its unit, and the stored one where it is another. */
export function valueInWords(film: Film, code: number): string {
  const value = film.modality[code]!;
  if (Number.isNaN(value)) return 'padding';
  const { unit, relationship } = film.meaning;
  const stored = film.stored.signed && code >= film.modality.length / 2 ? code - film.modality.length : code;
  const scale = { LIN: 'linear to exposure', LOG: 'logarithm of exposure', DISP: 'for display' } as const;
  return [
    `${Number(value.toPrecision(6))}${unit === null ? '' : ` ${unit}`}`,
    stored === value ? '' : `stored ${stored}`,
    unit === null && relationship !== null ? scale[relationship] : '',
  ]
    .filter(Boolean)
    .join(' · ');
}
