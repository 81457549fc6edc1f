/** What can be done with a key. The names are stored, so they do not change. */
export const actions = {
  'tool-window': 'Window and level with the mouse',
  'tool-pan': 'Move with the mouse',
  'tool-zoom': 'Zoom with the mouse',
  'tool-length': 'Measure a length',
  'tool-angle': 'Measure an angle: three points',
  'tool-lines': 'Measure an angle between two lines (Cobb)',
  'tool-ratio': 'Cardiothoracic ratio',
  'tool-magnify': 'Magnifier',
  brighter: 'Brighter',
  darker: 'Darker',
  harder: 'More contrast',
  softer: 'Less contrast',
  'next-grayscale': 'Next grayscale',
  'first-grayscale': 'The file’s own grayscale',
  'auto-grayscale': 'Automatic grayscale',
  'tables-off': 'Stored values without tables',
  'own-grayscale': 'Window by numbers, own grayscales',
  invert: 'Invert',
  'turn-right': 'Turn right',
  'turn-left': 'Turn left',
  'flip-across': 'Flip left and right',
  'flip-down': 'Flip top and bottom',
  fit: 'Whole image',
  'one-to-one': 'One image pixel per screen pixel',
  'true-size': 'True size',
  'zoom-in': 'Zoom in',
  'zoom-out': 'Zoom out',
  shutter: 'Shutter of the file on or off',
  overlays: 'Overlays of the file on or off',
  reset: 'Everything as at first',
  'next-study': 'Next study',
  'previous-study': 'Previous study',
  'next-image': 'Next image',
  'previous-image': 'Previous image',
  compare: 'Second view, then prior, beside it',
  link: 'Move, zoom and window both images alike',
  evidence: 'Evidence map of the chosen finding',
  privacy: 'Hide patient data',
  'remove-measurement': 'Remove the last measurement',
  open: 'Open files',
  help: 'Keyboard and mouse',
} as const;
export type Action = keyof typeof actions;

export const defaultKeys: Readonly<Record<Action, string>> = {
  'tool-window': 'W',
  'tool-pan': 'P',
  'tool-zoom': 'Z',
  'tool-length': 'L',
  'tool-angle': 'J',
  'tool-lines': 'Shift+J',
  'tool-ratio': 'C',
  'tool-magnify': 'M',
  brighter: 'ArrowUp',
  darker: 'ArrowDown',
  harder: 'ArrowRight',
  softer: 'ArrowLeft',
  'next-grayscale': 'G',
  'first-grayscale': 'D',
  'auto-grayscale': 'A',
  'tables-off': 'Shift+D',
  'own-grayscale': 'U',
  invert: 'I',
  'turn-right': 'R',
  'turn-left': 'Shift+R',
  'flip-across': 'H',
  'flip-down': 'V',
  fit: 'F',
  'one-to-one': '1',
  'true-size': 'T',
  'zoom-in': '+',
  'zoom-out': '-',
  shutter: 'S',
  overlays: 'Y',
  reset: '0',
  'next-study': 'N',
  'previous-study': 'Shift+N',
  'next-image': 'PageDown',
  'previous-image': 'PageUp',
  compare: 'B',
  link: 'K',
  evidence: 'E',
  privacy: 'X',
  'remove-measurement': 'Delete',
  open: 'O',
  help: '?',
};

export type Keys = Readonly<Record<Action, string>>;

/** The part of a keyboard event that a key is recognised by. */
export type KeyPress = {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
};

/** `Shift+R`, `ArrowUp`, `?`; null for a press that belongs to the system or is no key by itself. */
export function keyName({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyPress): string | null {
  if (ctrlKey || metaKey || altKey || /^(Shift|Control|Alt|Meta|Dead|Tab|Escape|Enter| )$/.test(key))
    return null;
  if (/^\p{L}$/u.test(key)) return `${shiftKey ? 'Shift+' : ''}${key.toUpperCase()}`;
  return key.length === 1 || !shiftKey ? key : `Shift+${key}`;
}

export function actionOf(press: KeyPress, keys: Keys): Action | null {
  const name = keyName(press);
  if (name === null) return null;
  return (Object.keys(keys) as Action[]).find((action) => keys[action] === name) ?? null;
}

/** The other action that has a key, which would lose it; null where it is free. */
export const holderOf = (keys: Keys, action: Action, key: string): Action | null =>
  (Object.keys(keys) as Action[]).find((other) => other !== action && keys[other] === key) ?? null;

/** Gives an action another key; whatever had it before is left without one. */
export function withKey(keys: Keys, action: Action, key: string): Keys {
  const others = Object.entries(keys).map(([name, used]) => [name, used === key ? '' : used]);
  return { ...(Object.fromEntries(others) as Keys), [action]: key };
}

/** What was stored, made whole: unknown actions are left out, missing ones have their default. */
export function storedKeys(text: string | null): Keys {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? '{}');
  } catch {
    return defaultKeys;
  }
  if (typeof stored !== 'object' || stored === null) return defaultKeys;
  const own = Object.entries(stored).filter(
    ([name, key]) => name in actions && typeof key === 'string' && key.length <= 24,
  );
  const taken = new Set(own.map(([, key]) => key));
  // A key that somebody gave away stays given: an action that came later has none then.
  const free = Object.entries(defaultKeys).map(([name, key]) => [name, taken.has(key) ? '' : key]);
  return { ...(Object.fromEntries(free) as Keys), ...Object.fromEntries(own) };
}

const names: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageDown: 'Page ↓',
  PageUp: 'Page ↑',
  Delete: 'Del',
};
/** `Shift+R` → `Shift R`; nothing for an action without a key. */
export const keyInWords = (key: string): string =>
  key === '+'
    ? key
    : key
        .split('+')
        .map((part) => names[part] ?? part)
        .join(' ');
