import type { MenuCommand } from '../../contract/ipc/window.ts';
import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
import { dayInWords } from '../../contract/words/day.ts';
import { Preferences } from '../settings/preferences.svelte.ts';
import { beside, type Hung, isLateral, nextComparison } from '../viewer/hanging.ts';
import type { Action } from '../viewer/keymap.ts';
import { actionOf } from '../viewer/keymap.ts';
import { Pane } from '../viewer/pane.svelte.ts';
import { Tools } from '../viewer/tool.svelte.ts';
import { Studies } from '../worklist/studies.svelte.ts';
import { ordered } from './answer.ts';
import { findingName, imageTitle } from './words.ts';

type Shown = {
  readonly pane: Pane;
  readonly image: ImageRow | null;
  readonly title: string;
  readonly study: StudyRow | null;
  /** The film is of an earlier study than the one that is read. */
  readonly isPrior: boolean;
};

const step = 0.04;
const scrollKeys: ReadonlySet<string> = new Set([
  'ArrowUp',
  'ArrowDown',
  'PageUp',
  'PageDown',
  'Home',
  'End',
  ' ',
]);

/** All that is on the screen, and what keys and buttons do to it. */
export class Desk {
  readonly studies = new Studies();
  readonly preferences = new Preferences();
  readonly tools = new Tools();
  readonly #first = new Pane();
  readonly #second = new Pane();
  /** Name of the finding whose details are open. */
  chosen = $state<string | null>(null);
  helping = $state(false);
  setting = $state(false);
  /** The dialog about the encryption keys is open. */
  keeping = $state(false);
  naming = $state(false);
  /** Somebody holds a card to the screen. */
  measuring = $state(false);
  #isLinked = $state(false);
  #showsEvidence = $state(false);

  #beside = $derived.by((): Hung | null => {
    const { selected, image, rows } = this.studies;
    if (selected === null || image === null) return null;
    return beside(this.preferences.compare, selected, image, rows);
  });

  panes = $derived.by((): readonly Shown[] => {
    const { selected, image } = this.studies;
    const first = {
      pane: this.#first,
      image,
      title: titleOf(image, selected),
      study: selected,
      isPrior: false,
    };
    if (this.#beside === null) return [first];
    const second = {
      pane: this.#second,
      image: this.#beside.image,
      title: titleOf(this.#beside.image, this.#beside.study),
      study: this.#beside.study,
      isPrior: this.#beside.study !== selected,
    };
    // Frontal left, lateral right; a prior on the right.
    const isTurned = image !== null && isLateral(image) && this.#beside.study === selected;
    return isTurned ? [second, first] : [first, second];
  });

  /** Where the keys go: the pane under the mouse, else the first. */
  active = $derived(
    this.panes.some(({ pane }) => pane === this.tools.at?.pane) ? this.tools.at!.pane : this.#first,
  );

  evidence = $derived.by(() => {
    const { selected, imageId } = this.studies;
    const finding = selected?.result?.findings.find(({ name }) => name === this.chosen);
    if (!this.#showsEvidence || selected?.scoredImageId !== imageId) return null;
    return finding?.regions ? { name: findingName(finding.name), regions: finding.regions } : null;
  });

  /** Puts the selected images on the screen. */
  follow(): void {
    void this.#first.show(this.studies.imageId);
    void this.#second.show(this.#beside?.image.id ?? null);
    const areLinked = this.#isLinked && this.#beside !== null;
    this.#first.partner = areLinked ? this.#second : null;
    this.#second.partner = areLinked ? this.#first : null;
  }

  /** What the application's menu says. */
  obey(command: MenuCommand): void {
    const { preferences, studies } = this;
    const acts: Readonly<Record<MenuCommand, () => void>> = {
      'open-files': () => void studies.choose('files'),
      'open-folder': () => void studies.choose('folder'),
      keys: () => (this.keeping = true),
      settings: () => (this.setting = true),
      theme: () => preferences.setTheme(preferences.theme === 'dark' ? 'light' : 'dark'),
      privacy: () => preferences.toggleHidden(),
      help: () => (this.helping = true),
    };
    acts[command]();
  }

  press(event: KeyboardEvent): void {
    const target = event.target as HTMLElement | null;
    // Fields and open dialogs keep their keys.
    if (
      this.helping ||
      this.setting ||
      this.keeping ||
      this.naming ||
      this.measuring ||
      target?.closest('input, select, textarea, dialog')
    )
      return;
    // So does a panel that has the focus itself: it is scrolled with them.
    if (target?.matches('[data-scrolls]') && scrollKeys.has(event.key)) return;
    const action = actionOf(event, this.preferences.keys);
    if (action === null) return;
    event.preventDefault();
    this.do(action);
  }

  do(action: Action): void {
    const { active: pane, studies, tools } = this;
    pane.note = null;
    const acts: Readonly<Record<Action, () => void>> = {
      'tool-window': () => tools.choose('window'),
      'tool-pan': () => tools.choose('pan'),
      'tool-zoom': () => tools.choose('zoom'),
      'tool-length': () => tools.choose('length'),
      'tool-angle': () => tools.choose('angle'),
      'tool-lines': () => tools.choose('lines'),
      'tool-ratio': () => tools.choose('ratio'),
      'tool-magnify': () => tools.choose('magnify'),
      brighter: () => pane.brighten(step),
      darker: () => pane.brighten(-step),
      harder: () => pane.adjust(0, -2 * step),
      softer: () => pane.adjust(0, 2 * step),
      'next-grayscale': () => pane.nextChoice(this.preferences.windows),
      'first-grayscale': () => pane.firstChoice(),
      'auto-grayscale': () => pane.automaticChoice(),
      'tables-off': () => (pane.choice = { kind: 'off' }),
      'own-grayscale': () => (this.naming = pane.film !== null),
      invert: () => (pane.inverted = !pane.inverted),
      'turn-right': () => pane.turn(1),
      'turn-left': () => pane.turn(-1),
      'flip-across': () => pane.flip('across'),
      'flip-down': () => pane.flip('down'),
      fit: () => pane.fit(),
      'one-to-one': () => pane.oneToOne(),
      'true-size': () => this.#trueSize(pane),
      'zoom-in': () => pane.zoom(1.25),
      'zoom-out': () => pane.zoom(0.8),
      shutter: () => (pane.hasShutter = !pane.hasShutter),
      overlays: () => (pane.hasOverlays = !pane.hasOverlays),
      reset: () => pane.reset(),
      'next-study': () => studies.step(1),
      'previous-study': () => studies.step(-1),
      'next-image': () => studies.stepImage(1),
      'previous-image': () => studies.stepImage(-1),
      compare: () => this.#compare(pane),
      link: () => (this.#isLinked = !this.#isLinked),
      evidence: () => this.#toggleEvidence(),
      privacy: () => this.preferences.toggleHidden(),
      'remove-measurement': () => (pane.measurements = pane.measurements.slice(0, -1)),
      open: () => void studies.choose('files'),
      help: () => (this.helping = true),
    };
    acts[action]();
  }

  #compare(pane: Pane): void {
    const { selected, image, rows } = this.studies;
    if (selected === null || image === null) return;
    const next = nextComparison(this.preferences.compare, selected, image, rows);
    if (next === 'none' && this.#beside === null) pane.note = 'No second view and no earlier study here.';
    this.preferences.setCompare(next);
  }

  /** True size needs to know the film's pixels and the screen's, which somebody has to measure once. */
  #trueSize(pane: Pane): void {
    const spacing = this.panes.find((one) => one.pane === pane)?.image?.frame.spacing ?? null;
    const { density } = this.preferences;
    if (spacing === null) pane.note = 'No true size: the file states no pixel spacing.';
    else if (density === null) this.measuring = true;
    else pane.trueSize(spacing.column, density);
  }
  measured(density: number): void {
    this.preferences.setDensity(density);
    this.#trueSize(this.active);
  }

  /** The map of the chosen finding; of the first in the list when none is. */
  #toggleEvidence(): void {
    this.#showsEvidence = !this.#showsEvidence;
    const assessed = this.studies.selected?.result?.findings.filter(({ claimable }) => claimable) ?? [];
    if (this.#showsEvidence) this.chosen ??= ordered(assessed)[0]?.name ?? null;
  }
}

function titleOf(image: ImageRow | null, study: StudyRow | null): string {
  if (image === null || study === null) return 'Radiograph';
  return [
    imageTitle(image),
    study.study.date === null ? 'no date' : dayInWords(study.study.date),
    image.series.description,
  ]
    .filter(Boolean)
    .join(' · ');
}
