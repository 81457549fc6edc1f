import type { Window } from '../../contract/image/grayscale.ts';
import { type NamedWindow, storedWindows, withWindow } from '../viewer/grayscale.ts';
import { type Comparison, comparisonOf } from '../viewer/hanging.ts';
import { type Action, type Keys, storedKeys, withKey } from '../viewer/keymap.ts';
import { type Screens, screenName, storedScreens } from '../viewer/screens.ts';
import { type Prevalences, storedPrevalences, withPrevalence } from './prevalences.ts';

export type Theme = 'dark' | 'light';

/**
 * What this person set up for themselves; nothing about patients. Kept by the page, apart from what the workstation was
 * told by whoever runs it.
 */
export class Preferences {
  theme = $state<Theme>(localStorage.getItem('theme') === 'light' ? 'light' : 'dark');
  keys = $state.raw<Keys>(storedKeys(localStorage.getItem('keys')));
  /** Hides who the patient is, for screens that others can see. */
  hidden = $state(localStorage.getItem('hidden') === 'yes');
  /** What hangs beside an image, where there is such a thing. */
  compare = $state<Comparison>(comparisonOf(localStorage.getItem('compare')));
  /** Windows that this person gave a name. */
  windows = $state.raw<readonly NamedWindow[]>(storedWindows(localStorage.getItem('windows')));
  #screens = $state.raw<Screens>(storedScreens(localStorage.getItem('screens')));

  /** Device pixels per millimetre of the screen that the window is on; null where nobody measured it. */
  get density(): number | null {
    return this.#screens[screenName(window.screen)] ?? null;
  }
  setDensity(density: number): void {
    this.#screens = { ...this.#screens, [screenName(window.screen)]: density };
    localStorage.setItem('screens', JSON.stringify(this.#screens));
  }

  /** How common findings are among this person's patients, where they said so. */
  prevalences = $state.raw<Prevalences>(storedPrevalences(localStorage.getItem('prevalences')));

  setTheme(theme: Theme): void {
    this.theme = theme;
    localStorage.setItem('theme', theme);
    document.documentElement.dataset.theme = theme;
  }
  /** With `share` null the reference set's own prevalence is used again. */
  setPrevalence(finding: string, share: number | null): void {
    this.prevalences = withPrevalence(this.prevalences, finding, share);
    localStorage.setItem('prevalences', JSON.stringify(this.prevalences));
  }
  setCompare(compare: Comparison): void {
    this.compare = compare;
    localStorage.setItem('compare', compare);
  }
  setKey(action: Action, key: string): void {
    this.keys = withKey(this.keys, action, key);
    localStorage.setItem('keys', JSON.stringify(this.keys));
  }
  resetKeys(): void {
    localStorage.removeItem('keys');
    this.keys = storedKeys(null);
  }
  keepWindow(name: string, window: Window): void {
    this.#setWindows(withWindow(this.windows, name, window));
  }
  forgetWindow(name: string): void {
    this.#setWindows(this.windows.filter((one) => one.name !== name));
  }
  #setWindows(windows: readonly NamedWindow[]): void {
    this.windows = windows;
    localStorage.setItem('windows', JSON.stringify(windows));
  }
  toggleHidden(): void {
    this.hidden = !this.hidden;
    localStorage.setItem('hidden', this.hidden ? 'yes' : 'no');
  }
}
