import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import type { ChosenPath, KeyRequest, KeyState } from '../../contract/ipc/vault.ts';
import { requestSchemas, type WindowEvent } from '../../contract/ipc/window.ts';
import { type KeyDialogs, KeyOffice, type KeyOfficeDeps } from '../../main/electron/key-office.ts';
import { destroyedKey, keyState, keySummary } from '../renderer/key-states.ts';

const passphrase = 'violet anvil drizzle cathode';
const { fingerprint } = keySummary();

/** An office with an engine and dialogs of the test's own, and what each of them was asked. */
function office({
  saves = [],
  opens = [],
  folders = [],
  answer = async () => keyState(),
}: {
  readonly saves?: (string | null)[];
  readonly opens?: string[][];
  readonly folders?: string[];
  readonly answer?: (request: KeyRequest, signal?: AbortSignal) => Promise<unknown>;
} = {}) {
  const passed: (readonly [KeyRequest['kind'], ChosenPath])[] = [];
  const named: string[] = [];
  const shown: string[] = [];
  const told: WindowEvent[] = [];
  const engine = {
    keys: (request: KeyRequest, path: ChosenPath, signal?: AbortSignal) => {
      passed.push([request.kind, path]);
      return request.kind === 'state' ? Promise.resolve(keyState()) : answer(request, signal);
    },
  } as unknown as KeyOfficeDeps['engine'];
  const dialogs: KeyDialogs = {
    save: async (what, name) => {
      named.push(`${what}: ${name}`);
      return saves.shift() ?? null;
    },
    folder: async () => folders.shift() ?? null,
    open: async () => opens.shift() ?? null,
    show: (path) => shown.push(path),
  };
  const locks: string[] = [];
  const lock = {
    lock: async () => locks.push('lock') > 0,
    unlock: async () => locks.push('unlock') > 1,
    opened: () => void locks.push('opened'),
    beginAnew: async () => '/data/keys/keys-set-aside-2026-11-28.key',
  };
  const desk = new KeyOffice({
    engine,
    dialogs,
    lock,
    systemKey: () => null,
    tell: (event) => told.push(event),
  });
  const ask = async (request: KeyRequest) => desk.answers.keys({ request });
  return { desk, ask, passed, named, shown, told, locks };
}

const exported = { kind: 'export', fingerprint, to: { kind: 'passphrase', passphrase } } as const;

describe('the key office', () => {
  it('locks and unlocks, and says when a passphrase has opened the vault but not when it did not fit', async () => {
    const { desk, ask, locks } = office();
    expect(await desk.answers.lockKeys({})).toEqual({ locked: true });
    expect(await desk.answers.unlockKeys({})).toEqual({ unlocked: true });
    await ask({ kind: 'unlock', passphrase });
    expect(locks).toEqual(['lock', 'unlock', 'opened']);
    const wrong = office({ answer: () => Promise.reject(new CxrError('key-passphrase')) });
    await expect(wrong.ask({ kind: 'unlock', passphrase })).rejects.toMatchObject({ code: 'key-passphrase' });
    expect(wrong.locks).toEqual([]);
  });

  it('tells the window the name of a file that was set aside, never its folder, and shows it when asked', async () => {
    const { desk, shown } = office();
    expect(await desk.answers.setKeysAside({})).toEqual({ file: 'keys-set-aside-2026-11-28.key' });
    expect(await desk.answers.showKeyFile({})).toEqual({ shown: true });
    expect(shown).toEqual(['/data/keys/keys-set-aside-2026-11-28.key']);
  });

  it('asks where to write, proposes a name with two words of the key, and shows the file afterwards', async () => {
    const { desk, ask, passed, named, shown } = office({ saves: ['/usb/a.key', '/usb/b.html'] });
    expect(await desk.answers.showKeyFile({})).toEqual({ shown: false });
    await ask(exported);
    await ask({ kind: 'recovery', fingerprint, passphrase });
    expect(named).toEqual([
      'key: cipherfilm-key-amber-bridge.key',
      'sheet: cipherfilm-key-amber-bridge.html',
    ]);
    expect(passed.filter(([kind]) => kind !== 'state')).toEqual([
      ['export', '/usb/a.key'],
      ['recovery', '/usb/b.html'],
    ]);
    expect(await desk.answers.showKeyFile({})).toEqual({ shown: true });
    expect(shown).toEqual(['/usb/b.html']);
  });

  it('takes a closed dialog for "cancelled" and passes nothing on', async () => {
    const { ask, passed } = office();
    await expect(ask(exported)).rejects.toMatchObject({ code: 'cancelled' });
    await expect(ask({ kind: 'inspect', passphrase: null })).rejects.toMatchObject({ code: 'cancelled' });
    expect(passed).toEqual([['state', null]]);
  });

  it('asks for no file where none is needed', async () => {
    const { ask, passed } = office();
    await ask({ kind: 'address' });
    await ask({ kind: 'unlock', passphrase });
    expect(passed).toEqual([
      ['address', null],
      ['unlock', null],
    ]);
  });

  it('takes in the file that was inspected, with the passphrase that came later, and that file once', async () => {
    const { ask, passed } = office({ opens: [['/usb/in.key']] });
    await ask({ kind: 'inspect', passphrase: null });
    await ask({ kind: 'inspect', passphrase });
    await ask({ kind: 'import', passphrase, fingerprint });
    expect(passed.map(([, path]) => path)).toEqual([['/usb/in.key'], ['/usb/in.key'], ['/usb/in.key']]);
    await expect(ask({ kind: 'import', passphrase, fingerprint })).rejects.toMatchObject({
      code: 'request-invalid',
    });
  });

  it('asks for a folder for the pages of several custodians, and shows it afterwards', async () => {
    const { desk, ask, passed, named, shown } = office({ folders: ['/usb'] });
    const toCustodians = { kind: 'export', fingerprint, to: { kind: 'shares', of: 3 } } as const;
    await ask(toCustodians);
    expect([passed, named]).toEqual([[['export', '/usb']], []]);
    await desk.answers.showKeyFile({});
    expect(shown).toEqual(['/usb']);
    await expect(ask(toCustodians)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('puts another page beside the first one, and another in the place of one that did not fit', async () => {
    const opens = [['/a/1.html'], ['/b/1.html'], ['/c/2.html']];
    const { ask, passed } = office({ opens });
    const inspect = { kind: 'inspect', passphrase: null } as const;
    await ask(inspect);
    await ask({ ...inspect, isBeside: true });
    await ask({ ...inspect, isBeside: true });
    // A dialog that is closed leaves what was chosen.
    await expect(ask({ ...inspect, isBeside: true })).rejects.toMatchObject({ code: 'cancelled' });
    await ask({ kind: 'import', passphrase: null, fingerprint });
    expect(passed.map(([, path]) => path)).toEqual([
      ['/a/1.html'],
      ['/a/1.html', '/b/1.html'],
      ['/a/1.html', '/c/2.html'],
      ['/a/1.html', '/c/2.html'],
    ]);
  });

  it('takes several files that were chosen at once together', async () => {
    const { ask, passed } = office({ opens: [['/a/1.html', '/a/2.html'], ['/in.key']] });
    await ask({ kind: 'inspect', passphrase: null });
    await ask({ kind: 'inspect', passphrase: null });
    expect(passed.map(([, path]) => path)).toEqual([['/a/1.html', '/a/2.html'], ['/in.key']]);
  });

  it('keeps the inspected file when taking it in failed', async () => {
    const { ask, passed } = office({
      opens: [['/usb/in.key']],
      answer: async (request) => {
        if (request.kind === 'import') throw new Error('the disk is full');
        return null;
      },
    });
    await ask({ kind: 'inspect', passphrase: null });
    await expect(ask({ kind: 'import', passphrase: null, fingerprint })).rejects.toThrow('full');
    await expect(ask({ kind: 'import', passphrase: null, fingerprint })).rejects.toThrow('full');
    expect(passed.at(-1)).toEqual(['import', ['/usb/in.key']]);
  });

  it('stops what takes long, and nothing else', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const { desk, ask } = office({
      answer: async (_, signal) => {
        signals.push(signal);
        return new Promise((resolve) => {
          if (signal === undefined) resolve(null);
          else signal.addEventListener('abort', () => resolve('stopped'));
        });
      },
    });
    const rotated = ask({ kind: 'rotate' });
    await ask({ kind: 'unlock', passphrase });
    await desk.answers.cancelKeys({});
    expect(await rotated).toBe('stopped');
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, undefined]);
  });

  it('saves the record of a destroyed key for this user alone', async () => {
    const proof = {
      format: 'cipherfilm-destruction/1',
      ...destroyedKey(),
      vaultBefore: 'a'.repeat(64),
      vaultAfter: 'b'.repeat(64),
      evaluatorTold: true,
    } as const;
    const path = join(mkdtempSync(join(tmpdir(), 'cipherfilm-proof-')), 'proof.json');
    const { desk, ask, named } = office({
      saves: [null, path],
      answer: async () => ({ proof, state: keyState() }),
    });
    const save = async () => desk.answers.saveProof({ fingerprint: proof.fingerprint });
    await expect(save()).rejects.toMatchObject({ code: 'key-unknown' });
    await ask({ kind: 'destroy', fingerprint: proof.fingerprint });
    await expect(save()).rejects.toMatchObject({ code: 'cancelled' });
    expect(existsSync(path)).toBe(false);
    await save();
    expect(named.at(-1)).toBe('proof: cipherfilm-destroyed-candle-dune.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(proof);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('tells the window how far the making of a key is, and of every change', () => {
    const { desk, told } = office();
    const state: KeyState = keyState();
    desk.hear({ kind: 'keys-progress', requestId: null, fraction: 0.5 });
    desk.hear({ kind: 'keys-state', state });
    desk.hear({ kind: 'stopped' });
    expect(told).toEqual([
      { kind: 'keys-progress', fraction: 0.5 },
      { kind: 'keys', state },
    ]);
  });
});

describe('a request of the window about keys', () => {
  it('names no file, and is refused where it is not one of those that are known', () => {
    const parsed = requestSchemas.keys.parse({
      request: { kind: 'import', passphrase: null, fingerprint, path: '/etc/passwd' },
    });
    expect(parsed).toEqual({ request: { kind: 'import', passphrase: null, fingerprint } });
    for (const request of [{ kind: 'seed' }, { kind: 'destroy', fingerprint: 'x' }, {}])
      expect(requestSchemas.keys.safeParse({ request }).success).toBe(false);
  });
});
