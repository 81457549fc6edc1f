import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'jpeg-js';
import type { StudyExport } from '../../../contract/exchange/export-request.ts';
import type { Film } from '../../../contract/image/film.ts';
import type { DropReport, StudyRow } from '../../../contract/ipc/worklist.ts';
import type { SettingsView } from '../../../contract/settings.ts';
import {
  doneRow,
  exampleResult,
  findingsAt,
  idOf,
  readyStatus,
  studyRow,
} from '../../renderer/study-rows.ts';
import { root } from '../window.ts';
import type { Scene, Stage } from './stage.ts';

/** Every state that the window can be in, as scenes for test/e2e/states/stage.ts. */
const { width, height, data } = decode(
  readFileSync(join(root, 'test', 'fixtures', 'parity', '00001405_000', 'radiograph.jpg')),
  { useTArray: true },
);
const grey = Uint8Array.from({ length: width * height }, (_, index) => data[4 * index]!);
const film: Film = {
  rows: height,
  columns: width,
  codes: Uint16Array.from(grey, (level) => level * 16),
  modality: Float64Array.from({ length: 4096 }, (_, code) => code),
  photometric: 'MONOCHROME2',
  vois: [],
  voiProblem: false,
  range: { low: 0, high: 4080 },
  percentiles: [{ percent: 1, low: 100, high: 3900 }],
  aspect: 1,
  modalityName: null,
  meaning: { unit: null, relationship: null },
  stored: { signed: false, low: 0, high: 4080 },
  shutter: null,
  overlays: [],
  overlayProblem: false,
  facts: exampleResult([]).facts,
  lossy: false,
};
const own = { source: 'own' } as const;
const settings: SettingsView = {
  evaluator: { value: 'embedded', ...own },
  token: { given: false, locked: false },
  proxy: { value: 'system', ...own },
  systemCertificates: { value: true, ...own },
  certificates: { value: null, ...own },
  contentProtection: { value: false, ...own },
  lockAfterMinutes: { value: 30, ...own },
  withoutKeychain: { value: false, ...own },
  network: {
    dicomTitle: { value: 'CIPHERFILM', ...own },
    dicomPort: { value: 11_112, ...own },
    dicomCallers: { value: ['PACS', 'XRAY1'], ...own },
    watchFolder: { value: null, ...own },
    archive: { value: 'PACS@pacs.example.org:104', ...own },
    archiveTls: { value: true, ...own },
    archiveUrl: { value: null, ...own },
    sendResults: 'by hand',
  },
  keychain: 'GNOME keyring',
  managed: false,
};
const report: DropReport = {
  id: idOf(800),
  finished: true,
  taken: 3,
  known: 0,
  studies: [idOf(1)],
  skipped: [{ name: 'report.txt', error: { code: 'dicom-not-dicom', detail: {} } }],
  more: 0,
};

const exported: readonly StudyExport[] = [
  { state: 'left', to: 'folder', forms: ['pdf'], by: 'person', error: null },
  {
    ...{ state: 'waiting', to: 'archive', forms: ['sr', 'sc'], by: { rule: 'send-results-above' } },
    error: { code: 'network-unreachable', detail: { reason: 'connection refused' } },
  } as const,
  {
    ...{ state: 'failed', to: 'archive', forms: ['sr'], by: 'person' },
    error: { code: 'export-image-changed', detail: {} },
  } as const,
].map((one, index) => ({
  ...(one as Pick<StudyExport, 'state' | 'to' | 'forms' | 'by' | 'error'>),
  ...{ id: idOf(700 + index), deidentified: false, at: '2026-11-28T09:05:00.000Z' },
}));

const scene = (rows: readonly StudyRow[], changes: Partial<Scene> = {}): Scene => ({
  rows,
  status: readyStatus,
  settings,
  film,
  thumbnail: { rows: height, columns: width, pixels: grey },
  ...changes,
});
const telling = {
  Effusion: 'above',
  Atelectasis: 'above',
  Fibrosis: 'between',
  Emphysema: 'at low',
} as const;
const working = studyRow(2, {
  state: 'working',
  seen: ['reading', 'encoding', 'encrypting', 'sending', 'queued'],
  progress: { stage: 'evaluating', fraction: 0.4, detail: '64 of 161 rotations' },
});
const remote = {
  ...readyStatus,
  evaluator: { url: 'https://evaluator.example.org', embedded: false, ready: true },
};
const queueFull = { code: 'queue-full', detail: { got: 8, expected: 8 } } as const;
const afar = {
  ...exampleResult(findingsAt(telling)),
  evaluator: { url: 'https://evaluator.example.org', embedded: false },
};
const earlier = doneRow(
  8,
  { Effusion: 'between' },
  { study: { uid: '1.2.3.8', date: '2023-01-05', time: null, accession: null, description: 'Chest PA' } },
);

/** A scene without studies. */
export const emptyScene = scene([]);

export type Act = (stage: Stage) => Promise<void>;
export type Scenes = Readonly<Record<string, { readonly scene: Scene; readonly act?: Act }>>;
export const click =
  (name: string): Act =>
  ({ page }) =>
    page.getByRole('button', { name, exact: true }).click();
const moreTools =
  (name: string): Act =>
  async (stage) => {
    await click('More')(stage);
    await stage.page.getByRole('menuitem', { name, exact: true }).click();
  };
const openSettings: Act = async (stage) => {
  await click('Settings')(stage);
  await stage.page.getByRole('radio', { name: /Elsewhere/ }).check();
  await stage.page.getByLabel('Address', { exact: true }).fill('https://evaluator.example.org');
  await stage.page.getByRole('button', { name: 'Test the connection' }).click();
  await stage.page.getByText('The evaluator cannot be reached.').waitFor();
};
const press =
  (key: string): Act =>
  async ({ page }) => {
    await page
      .locator('h2', { hasText: /Findings|Progress/ })
      .first()
      .click();
    await page.keyboard.press(key);
  };

/** Scenes by name, and what has to be done to get to each. */
export const scenes: Scenes = {
  empty: { scene: scene([]) },
  'cannot classify': {
    scene: scene([], {
      status: {
        ...readyStatus,
        standing: { kind: 'trouble', error: { code: 'bundle-missing', detail: {} } as never },
        problem: { code: 'bundle-missing', detail: {} } as never,
      },
    }),
  },
  'keys on their way': {
    scene: scene([studyRow(1)], {
      status: { ...remote, standing: { kind: 'uploading-keys', fraction: 0.4 } },
    }),
  },
  'a full queue': {
    scene: scene([studyRow(1, { state: 'failed', error: queueFull })], {
      status: { ...remote, standing: { kind: 'trouble', error: queueFull } },
    }),
  },
  waiting: { scene: scene([studyRow(1)], { reports: [report] }) },
  'taken beside the film on the screen': {
    scene: scene([studyRow(1), studyRow(2)]),
    act: async ({ page, tell }) => {
      await tell({ kind: 'report', report: { ...report, skipped: [], studies: [idOf(2)] } });
      await page.getByRole('button', { name: 'Show it' }).waitFor();
    },
  },
  'settings, other machines': {
    scene: {
      ...scene([]),
      status: {
        ...readyStatus,
        receiving: { kind: 'on', title: 'CIPHERFILM', port: 11_112, watches: true, trouble: null },
      },
    },
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Settings' }).click();
      await page.getByText('Test the archives').scrollIntoViewIfNeeded();
    },
  },
  'a film that lies otherwise': {
    scene: scene([
      studyRow(1, {
        state: 'refused',
        error: { code: 'input-turned', detail: { reason: 'upside down', got: 0.999, isCertain: true } },
      }),
    ]),
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Turn it and classify' }).waitFor();
    },
  },
  'earlier films in the archive': {
    scene: scene([doneRow(1, telling)]),
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Earlier films…' }).click();
      await page.getByRole('button', { name: 'Bring' }).first().click();
      await page.getByText('✓ in the list').waitFor();
    },
  },
  exporting: {
    scene: scene([doneRow(1, telling, { exports: exported })]),
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Export the result…' }).click();
      await page.getByRole('radio', { name: /Without identity/ }).check();
      await page.getByText('To the archive PACS@pacs.example.org:104').waitFor();
    },
  },
  'exported before': {
    scene: scene([doneRow(1, telling, { exports: exported })]),
    act: async ({ page }) => {
      await page.getByText('did not reach the archive').scrollIntoViewIfNeeded();
    },
  },
  removed: {
    scene: scene([studyRow(1), studyRow(2)]),
    act: async ({ page, tell }) => {
      await page
        .getByRole('button', { name: /^Remove / })
        .first()
        .click();
      await tell({ kind: 'removed', id: studyRow(1).id });
      await page.getByRole('button', { name: 'Put back' }).waitFor();
    },
  },
  working: { scene: scene([working, studyRow(3)]) },
  'a filter that nobody meets': {
    scene: scene([doneRow(1, telling), working]),
    act: ({ page }) => page.getByRole('searchbox').fill('nobody'),
  },
  done: { scene: scene([doneRow(1, telling), doneRow(4, {}), working]) },
  'nothing above': { scene: scene([doneRow(1, {})]) },
  'a child, AP, inverted': {
    scene: scene([
      doneRow(1, telling, {
        patient: {
          name: 'Example, Cleo',
          id: 'EX-3',
          issuer: null,
          birthDate: null,
          sex: 'female',
          age: '007Y',
        },
        result: {
          ...exampleResult(findingsAt(telling)),
          facts: { ...film.facts, viewPosition: 'AP', lossy: true },
          input: { ...exampleResult([]).input, inverted: true, distance: 3.4 },
        },
      }),
    ]),
  },
  'a finding opened': { scene: scene([doneRow(1, telling)]), act: click('Effusion') },
  'evidence map': { scene: scene([doneRow(1, telling)]), act: press('e') },
  prior: { scene: scene([doneRow(1, telling, { priorId: idOf(8) }), earlier]) },
  'prior beside': { scene: scene([doneRow(1, telling, { priorId: idOf(8) }), earlier]), act: press('b') },
  'a white film, without a side': {
    scene: scene(
      [
        doneRow(1, telling, {
          patient: {
            ...earlier.patient,
            name: 'Example-Montgomery-Featherstonehaugh, Alexandrina Wilhelmina',
          },
          images: studyRow(1).images.map((one) => ({
            ...one,
            frame: { ...one.frame, orientation: null, burnedIn: true },
          })),
        }),
      ],
      { film: { ...film, lossy: true, codes: new Uint16Array(width * height).fill(4080) } },
    ),
    act: press('e'),
  },
  'prior of another model': {
    scene: scene([
      doneRow(1, telling, { priorId: idOf(8) }),
      {
        ...earlier,
        result: {
          ...earlier.result!,
          bundle: { ...earlier.result!.bundle, id: 'e'.repeat(64) as never, name: 'cxr-f8-r0' },
        },
      },
    ]),
  },
  'privacy, evaluator elsewhere': {
    scene: scene(
      [doneRow(1, telling, { result: afar, check: { logit: 0.0009, probability: 0.0002, tookMs: 640 } })],
      { status: remote },
    ),
    act: ({ page }) => page.getByText('Protected by').scrollIntoViewIfNeeded(),
  },
  refused: {
    scene: scene([
      studyRow(1, { state: 'refused', error: { code: 'input-unlike-chest', detail: {} } as never }),
    ]),
  },
  failed: {
    scene: scene([
      studyRow(1, { state: 'failed', error: { code: 'evaluator-unreachable', detail: {} } as never }),
    ]),
  },
  cancelled: {
    scene: scene([studyRow(1, { state: 'cancelled', error: { code: 'cancelled', detail: {} } as never })]),
  },
  'no frontal film': { scene: scene([studyRow(1, { state: 'unasked', scoredImageId: null })]) },
  'patient hidden': { scene: scene([doneRow(1, telling)]), act: press('x') },
  'keys and mouse': { scene: scene([doneRow(1, telling)]), act: press('?') },
  grayscales: { scene: scene([doneRow(1, telling)]), act: moreTools('Window by numbers, own grayscales') },
  settings: {
    scene: scene([doneRow(1, telling)], { probe: { code: 'evaluator-unreachable', detail: {} } as never }),
    act: openSettings,
  },
  'settings of an organisation': {
    scene: scene([], {
      settings: {
        ...settings,
        managed: true,
        evaluator: { value: 'https://evaluator.example.org', source: 'policy' },
        proxy: { value: 'none', source: 'policy' },
        keychain: null,
      },
    }),
    act: click('Settings'),
  },
};
