import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const side = z.int().min(200).max(20_000);
const place = z.int().min(-20_000).max(20_000);
const schema = z.object({ x: place, y: place, width: side, height: side, maximised: z.boolean() });

/** Where the window was when it was closed. */
export type WindowState = z.infer<typeof schema>;
/** A rectangle of the desktop, in device-independent pixels. */
export type Area = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/**
 * Reads where the window was. It returns null when the file is missing or damaged, or when no screen that is there
 * would show enough of the window's title bar.
 */
export function storedState(path: string, screens: readonly Area[]): WindowState | null {
  let stored: unknown;
  try {
    stored = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
  const parsed = schema.safeParse(stored);
  if (!parsed.success) return null;
  const state = parsed.data;
  return screens.some((screen) => isReachable(state, screen)) ? state : null;
}

/** Tells whether a screen shows enough of the title bar to take hold of it. */
function isReachable(state: Area, screen: Area): boolean {
  const across = Math.min(state.x + state.width, screen.x + screen.width) - Math.max(state.x, screen.x);
  return across >= 100 && state.y >= screen.y && state.y <= screen.y + screen.height - 50;
}

/** Remembers where the window is. An error is ignored. */
export function storeState(path: string, state: WindowState): void {
  try {
    writeFileSync(path, JSON.stringify(state), { mode: 0o600 });
  } catch {
    // A full disk must not keep the window from closing.
  }
}
