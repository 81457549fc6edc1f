import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const side = z.int().min(200).max(20_000);
const place = z.int().min(-20_000).max(20_000);
const schema = z.object({ x: place, y: place, width: side, height: side, maximised: z.boolean() });

/** Where the window was. */
export type WindowState = z.infer<typeof schema>;
export type Area = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** What was stored, if it is whole and lies, for a good part, on a screen that is there. */
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

/** Enough of the title bar to take hold of it. */
function isReachable(state: Area, screen: Area): boolean {
  const across = Math.min(state.x + state.width, screen.x + screen.width) - Math.max(state.x, screen.x);
  return across >= 100 && state.y >= screen.y && state.y <= screen.y + screen.height - 50;
}

export function storeState(path: string, state: WindowState): void {
  try {
    writeFileSync(path, JSON.stringify(state), { mode: 0o600 });
  } catch {
    // A full disk must not keep the window from closing.
  }
}
