import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAnalysisId } from '../../contract/ids/analysis-id.ts';
import { parseKeyId } from '../../contract/ids/key-id.ts';
import { AppState } from '../../main/electron/app-state.ts';
import { dropped } from '../../main/electron/command-line.ts';
import { fileUnder } from '../../main/electron/window/file-under.ts';
import { leavingQuestion, type Unfinished } from '../../main/electron/window/leaving-question.ts';
import { pauseBefore } from '../../main/electron/window/revive.ts';
import { storedState } from '../../main/electron/window/window-state.ts';

const first = parseAnalysisId('11111111-1111-4111-8111-111111111111');

describe('the app protocol', () => {
  const inside = (name: string) => `${sep}app${sep}${name}`;
  it('maps paths into the renderer folder and nothing outside it', () => {
    expect(fileUnder(`${sep}app`, '/')).toBe(inside('index.html'));
    expect(fileUnder(`${sep}app`, '/assets/a.js')).toBe(inside(`assets${sep}a.js`));
    for (const path of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/a/../../secret', '/%00', '/%']) {
      expect(fileUnder(`${sep}app`, path)).toBeNull();
    }
  });
});

describe('the status of the app', () => {
  it('shows no credentials and forgets keys when the engine stops', () => {
    const facts = {
      version: '1',
      embedded: false,
      keepsWorklist: true,
      opensItself: 'keychain',
      canRecompute: false,
    } as const;
    const state = new AppState(facts, () => {});
    state.evaluatorAt('https://user:secret@host.example/path', false);
    expect(state.status.evaluator.url).toBe('https://host.example/path');
    const keyId = parseKeyId('0'.repeat(64));
    state.follow({ kind: 'standing', standing: { kind: 'ready', keyId } });
    state.follow({ kind: 'progress', analysisId: first, progress: { stage: 'queued', fraction: null } });
    expect(state.status.standing).toEqual({ kind: 'ready', keyId });
    state.follow({ kind: 'stopped' });
    expect(state.status.standing).toEqual({ kind: 'starting' });
  });
  it('is not ready after the evaluator was changed, nor with one that is refused', () => {
    const facts = {
      version: '1',
      embedded: false,
      keepsWorklist: true,
      opensItself: 'keychain',
      canRecompute: false,
    } as const;
    const state = new AppState(facts, () => {});
    const ready = { kind: 'ready', keyId: parseKeyId('0'.repeat(64)) } as const;
    state.follow({ kind: 'standing', standing: ready });
    state.evaluatorAt('https://other.example', false);
    expect(state.status.standing).toEqual({ kind: 'starting' });
    state.follow({ kind: 'standing', standing: ready });
    const error = { code: 'evaluator-url', detail: { reason: 'not https' } } as const;
    state.follow({ kind: 'unusable', error });
    expect(state.status).toMatchObject({ standing: { kind: 'trouble', error }, problem: error });
  });
});

describe('the place of the window', () => {
  const screens = [{ x: 0, y: 0, width: 1920, height: 1080 }];
  const kept = (text: string) => {
    const path = join(mkdtempSync(join(tmpdir(), 'cipherfilm-window-')), 'window.json');
    writeFileSync(path, text);
    return storedState(path, screens);
  };
  const state = { x: 10, y: 20, width: 1400, height: 900, maximised: false };
  it('is remembered', () => {
    expect(kept(JSON.stringify(state))).toEqual(state);
  });
  it('is forgotten where its screen is gone, or what was stored is not whole', () => {
    for (const lost of [
      { ...state, x: 1900 },
      { ...state, y: -200 },
      { ...state, y: 1060 },
      { ...state, width: 1 },
      { x: 1 },
    ])
      expect(kept(JSON.stringify(lost))).toBeNull();
    expect(kept('{')).toBeNull();
    expect(storedState('/nowhere/window.json', screens)).toBeNull();
  });
});

describe('what a start names', () => {
  it('is files and folders, without the program, its folder and switches', () => {
    expect(
      dropped(['cipherfilm', '--no-sandbox', 'film.dcm', '--evaluator', 'https://e', '/cd'], true),
    ).toEqual(['film.dcm', '/cd']);
    expect(dropped(['electron', '--inspect=0', '/sources', 'film.dcm'], false)).toEqual(['film.dcm']);
    expect(dropped(['cipherfilm'], true)).toEqual([]);
  });

  it('may be addresses, as Linux desktops give them', () => {
    const path = join(tmpdir(), 'Jane Döe #1.dcm');
    expect(dropped(['cipherfilm', pathToFileURL(path).href], true)).toEqual([path]);
    expect(dropped(['cipherfilm', 'file://%zz', 'file.dcm'], true)).toEqual(['file://%zz', 'file.dcm']);
  });
});

describe('a program that is closed', () => {
  const asked = (unfinished: Partial<Unfinished>) =>
    leavingQuestion({ studies: 0, isReading: false, isKept: true, ...unfinished });

  it('asks nothing when nothing is in flight, kept or not', () => {
    expect([asked({}), asked({ isKept: false })]).toEqual([null, null]);
  });

  it('says how many studies are unfinished and what becomes of them', () => {
    expect(asked({ studies: 1 })).toMatchObject({
      message: '1 study is not finished.',
      detail: 'It stays in the list and goes on at the next start.',
    });
    expect(asked({ studies: 3 })).toMatchObject({
      message: '3 studies are not finished.',
      detail: 'They stay in the list and go on at the next start.',
    });
    expect(asked({ studies: 3, isKept: false })!.detail).toContain('lost');
    expect(asked({ isReading: true })).toMatchObject({
      message: 'Dropped files are still being read.',
      detail: 'Files that were not read yet have to be dropped again.',
    });
    expect(asked({ studies: 2, isReading: true })!.message).toBe(
      '2 studies are not finished. Dropped files are still being read.',
    );
  });

  it('goes on when the dialog is closed or Enter is pressed', () => {
    const { buttons, defaultId, cancelId } = asked({ studies: 1 })!;
    expect([buttons![defaultId!], buttons![cancelId!]]).toEqual(['Keep working', 'Keep working']);
  });
});

describe('a page that dies', () => {
  it('is loaded again at once, three times in a minute; then it has to wait', () => {
    expect(pauseBefore([], 100_000)).toBe(0);
    expect(pauseBefore([98_000, 99_000], 100_000)).toBe(0);
    expect(pauseBefore([97_000, 98_000, 99_000], 100_000)).toBe(10_000);
    expect(pauseBefore([39_000, 98_000, 99_000], 100_000)).toBe(0);
  });
});
