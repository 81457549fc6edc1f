import { type CodedError, codedPart } from '../../contract/errors.ts';
import type { Film } from '../../contract/image/film.ts';
import {
  adjusted,
  asWindow,
  automatic,
  type Choice,
  choices,
  firstChoice,
  levelsOf,
  type NamedWindow,
  voiOf,
} from './grayscale.ts';
import type { Measurement } from './measure.ts';
import {
  fitted,
  flippedAcross,
  flippedDown,
  oneToOne,
  type Size,
  scaled,
  turned,
  type View,
  zoomAt,
} from './view.ts';

/** What was done to an image: it is found again as it was left. */
type Look = {
  readonly choice: Choice;
  readonly inverted: boolean;
  readonly view: View | null;
  readonly measurements: readonly Measurement[];
  readonly hasShutter: boolean;
  readonly hasOverlays: boolean;
};

const mostFilms = 4;
const films = new Map<string, Film>();
const looks = new Map<string, Look>();

/** Decoded films that were looked at last; a film fills 10 to 40 MB. */
async function filmOf(imageId: string): Promise<Film | CodedError> {
  const known = films.get(imageId);
  if (known !== undefined) {
    films.delete(imageId);
    films.set(imageId, known);
    return known;
  }
  const reply = await window.cipherfilm.film({ imageId });
  if (!reply.ok) return codedPart(reply);
  films.set(imageId, reply.value);
  for (const old of [...films.keys()].slice(0, -mostFilms)) films.delete(old);
  return reply.value;
}

/**
 * One image on the screen and how it is looked at. It exists apart from the component that draws it because keys,
 * buttons and the mouse all change it.
 */
export class Pane {
  imageId = $state<string | null>(null);
  film = $state.raw<Film | null>(null);
  error = $state.raw<CodedError | null>(null);
  choice = $state.raw<Choice>({ kind: 'full' });
  inverted = $state(false);
  view = $state.raw<View | null>(null);
  measurements = $state.raw<readonly Measurement[]>([]);
  /** Whether the file's shutter and overlays are drawn, where it has any. */
  hasShutter = $state(true);
  hasOverlays = $state(true);
  /** Something to tell about the last thing done, such as why it could not be. */
  note = $state<string | null>(null);
  /** The image that is moved, zoomed and windowed alike. */
  partner = $state.raw<Pane | null>(null);
  /** Device pixels of the pane; the component that draws sets it. */
  size = $state.raw<Size>({ width: 0, height: 0 });
  /** Follows the size of the pane until somebody zooms or moves. */
  #fitted = true;

  levels = $derived(this.film === null ? null : levelsOf(this.film, this.choice, this.inverted));
  shown = $derived.by((): View | null => {
    // A window may be so small that nothing is left of the pane.
    if (this.film === null || this.size.width === 0 || this.size.height === 0) return null;
    return (
      this.view ?? fitted(this.#imageSize, this.size, { turns: 0, mirrored: false, aspect: this.film.aspect })
    );
  });

  get #imageSize(): Size {
    return { width: this.film?.columns ?? 1, height: this.film?.rows ?? 1 };
  }

  async show(imageId: string | null): Promise<void> {
    if (imageId === this.imageId) return;
    this.#keepLook();
    this.imageId = imageId;
    this.film = null;
    this.error = null;
    this.note = null;
    this.measurements = [];
    if (imageId === null) return;
    const film = await filmOf(imageId);
    // Somebody went on to another image meanwhile.
    if (this.imageId !== imageId) return;
    if ('code' in film) {
      this.error = film;
      return;
    }
    const look = looks.get(imageId);
    this.choice = look?.choice ?? firstChoice(film);
    this.inverted = look?.inverted ?? false;
    this.view = look?.view ?? null;
    this.#fitted = this.view === null;
    this.measurements = look?.measurements ?? [];
    this.hasShutter = look?.hasShutter ?? true;
    this.hasOverlays = look?.hasOverlays ?? true;
    this.film = film;
  }

  #keepLook(): void {
    if (this.imageId === null || this.film === null) return;
    const { choice, inverted, measurements, hasShutter, hasOverlays } = this;
    const view = this.#fitted ? null : this.view;
    looks.set(this.imageId, { choice, inverted, measurements, hasShutter, hasOverlays, view });
  }

  set(view: View): void {
    this.#fitted = false;
    this.view = view;
  }

  get #both(): readonly Pane[] {
    return this.partner === null ? [this] : [this, this.partner];
  }

  change(change: (view: View, pane: Size) => View): void {
    for (const pane of this.#both) pane.#change(change);
  }
  #change(change: (view: View, pane: Size) => View): void {
    if (this.shown !== null) this.set(change(this.shown, this.size));
  }

  /** The whole image again, turned as it is. */
  fit(): void {
    for (const pane of this.#both) pane.#fit();
  }
  #fit(): void {
    const { shown } = this;
    if (shown === null) return;
    const isPlain = shown.turns === 0 && !shown.mirrored;
    this.#fitted = isPlain;
    this.view = isPlain ? null : fitted(this.#imageSize, this.size, shown);
  }

  /** Films may hang differently: these change one alone. */
  turn(by: 1 | -1): void {
    this.#change((view) => turned(view, by));
    this.#fit();
  }
  flip(along: 'across' | 'down'): void {
    this.#change(along === 'across' ? flippedAcross : flippedDown);
  }
  zoom(factor: number): void {
    this.change((view, pane) => zoomAt(view, pane, { x: pane.width / 2, y: pane.height / 2 }, factor));
  }
  oneToOne(): void {
    this.change(oneToOne);
  }
  /** As large as the object was in the plane that the spacing speaks of. */
  trueSize(columnMm: number, pixelsPerMm: number): void {
    this.#change((view) => scaled(view, columnMm * pixelsPerMm));
  }
  reset(): void {
    if (this.film === null) return;
    this.firstChoice();
    this.inverted = false;
    this.view = null;
    this.#fitted = true;
    this.measurements = [];
    this.hasShutter = true;
    this.hasOverlays = true;
    this.note = null;
  }

  /** Turns the knobs from where they are; `up` and `wider` as shares of the width. */
  adjust(up: number, wider: number): void {
    for (const pane of this.#both) pane.#adjust(up, wider);
  }
  #adjust(up: number, wider: number): void {
    if (this.film === null) return;
    const window = adjusted(asWindow(voiOf(this.film, this.choice)), up, wider);
    this.choice = { kind: 'own', window, name: null };
  }
  /** Brighter means a smaller centre, unless small values are the bright ones. */
  brighten(amount: number): void {
    const small = (this.film?.photometric === 'MONOCHROME1') !== this.inverted;
    this.adjust(small ? amount : -amount, 0);
  }

  automaticChoice(): void {
    if (this.film !== null) this.choice = automatic(this.film);
  }
  /** The grayscale that this film began with. */
  firstChoice(): void {
    if (this.film !== null) this.choice = firstChoice(this.film);
  }

  nextChoice(named: readonly NamedWindow[]): void {
    if (this.film === null) return;
    const all = choices(this.film, named);
    const at = all.findIndex((one) => JSON.stringify(one) === JSON.stringify(this.choice));
    this.choice = all[(at + 1) % all.length]!;
  }
}
