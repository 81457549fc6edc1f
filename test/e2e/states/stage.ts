import { join } from 'node:path';
import type { ElectronApplication, Page } from 'playwright-core';
import type { CodedError } from '../../../contract/errors.ts';
import type { Film, Thumbnail } from '../../../contract/image/film.ts';
import type { KeyReply, KeyRequestKind } from '../../../contract/ipc/vault.ts';
import type { AppStatus, Reply, WindowEvent } from '../../../contract/ipc/window.ts';
import type { DropReport, StudyRow } from '../../../contract/ipc/worklist.ts';
import type { ArchivedStudy } from '../../../contract/network/archived-study.ts';
import type { SettingsView } from '../../../contract/settings.ts';
import { root, startElectron } from '../window.ts';

/**
 * The built page in a real Electron window with a bridge that this file answers, so that every state of the window is
 * there in a moment and without a classification. What the real bridge does is tested in test/e2e/app.test.ts.
 */
export type Scene = {
  readonly rows: readonly StudyRow[];
  readonly reports?: readonly DropReport[];
  readonly status: AppStatus;
  readonly settings: SettingsView;
  /** What a test of the connection in the settings finds. */
  readonly probe?: CodedError;
  /** What is replied about keys, or why it is refused. What is `pending` is never answered. */
  readonly keys?: Readonly<Partial<Record<KeyRequestKind, KeyReply | CodedError | 'pending'>>>;
  readonly film: Film;
  readonly thumbnail: Thumbnail;
};

export type Stage = {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly complaints: string[];
  /** The requests of the page other than its questions for films and thumbnails, `name: JSON`. */
  readonly asked: string[];
  readonly play: (scene: Scene) => Promise<void>;
  /** Answers from another scene from now on, without loading the page. */
  readonly change: (scene: Scene) => void;
  readonly tell: (event: WindowEvent) => Promise<void>;
};

const archived: readonly ArchivedStudy[] = [
  ['1.2.3.91', '2022-05-03', 'Chest PA and lateral', 2],
  ['1.2.3.92', '2019-11-20', null, 1],
].map(([study, date, description, instances]) => ({
  ...{ study, date, description, instances, accession: null, patientId: 'EX-1001', modalities: ['DX'] },
})) as readonly ArchivedStudy[];

/** Typed arrays as text: what crosses into the page is JSON. */
const packed = (value: unknown): string =>
  JSON.stringify(value, (_, part) =>
    ArrayBuffer.isView(part)
      ? {
          array: part.constructor.name.replace('Buffer', 'Uint8Array'),
          base64: Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('base64'),
        }
      : part,
  );

/** The page's half: a script as text, since it runs in the page. */
const bridge = `{
  const arrays = { Uint8Array, Uint16Array, Float32Array, Float64Array };
  const unpacked = (text) => JSON.parse(text, (_, part) =>
    part && typeof part.array === 'string'
      ? new arrays[part.array](Uint8Array.from(atob(part.base64), (sign) => sign.charCodeAt(0)).buffer)
      : part);
  const listeners = new Set();
  window.stage = { tell: (text) => listeners.forEach((listener) => listener(unpacked(text))) };
  window.cipherfilm = new Proxy({}, {
    get: (_, name) => name === 'onEvent'
      ? (listener) => { listeners.add(listener); return () => listeners.delete(listener); }
      : async (request) => unpacked(await window.askStage(name, JSON.stringify(request ?? {}))),
  });
}`;

export const openStage = (): Promise<Stage> =>
  startElectron(
    [join(root, 'test', 'e2e', 'states', 'stage-main.ts'), join(root, 'out', 'renderer')],
    process.env as Record<string, string>,
    staged,
  );

async function staged(app: ElectronApplication): Promise<Stage> {
  const page = await app.firstWindow();
  const complaints: string[] = [];
  const asked: string[] = [];
  let scene: Scene | null = null;
  const answers = (name: string, request: string): Reply<unknown> | Promise<never> => {
    const now = scene!;
    if (name === 'film') return { ok: true, value: now.film };
    if (name === 'thumbnail') return { ok: true, value: now.thumbnail };
    if (name === 'worklist') return { ok: true, value: { rows: now.rows, reports: now.reports ?? [] } };
    if (name === 'status') return { ok: true, value: now.status };
    asked.push(`${name}: ${request}`);
    if (name === 'keys') {
      const { kind } = JSON.parse(request).request as { kind: KeyRequestKind };
      const reply = now.keys?.[kind] ?? { code: 'internal', detail: { reason: `no ${kind} in this scene` } };
      if (reply === 'pending') return new Promise(() => {});
      return 'code' in reply ? ({ ok: false, ...reply } as Reply<never>) : { ok: true, value: reply };
    }
    if (name === 'setKeysAside') return { ok: true, value: { file: 'keys-set-aside-2026-11-28.key' } };
    if (name === 'findPriors') return { ok: true, value: archived };
    if (name === 'remove') return { ok: true, value: { removed: true } };
    if (name === 'probe' && now.probe !== undefined) return { ok: false, ...now.probe };
    if (name.toLowerCase().includes('settings')) return { ok: true, value: now.settings };
    return { ok: true, value: { accepted: true } };
  };
  await page.exposeFunction('askStage', async (name: string, request: string) =>
    packed(await answers(name, request)),
  );
  await page.addInitScript(bridge);
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  return {
    app,
    page,
    complaints,
    asked,
    play: async (next) => {
      scene = next;
      asked.length = 0;
      await page.evaluate('localStorage.clear()');
      await page.reload();
      await page.getByText('Research use only.').first().waitFor();
    },
    change: (next) => {
      scene = next;
    },
    tell: async (event) => {
      await page.evaluate(`window.stage.tell(${JSON.stringify(packed(event))})`);
    },
  };
}
