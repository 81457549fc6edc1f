import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../../contract/errors.ts';
import type { Custody } from '../../../../contract/ipc/custody.ts';
import type { KeyState } from '../../../../contract/ipc/vault.ts';
import type { EngineHost } from '../../../../main/host/engine/engine-host.ts';
import { KeyLock } from '../../../../main/host/keys/key-lock.ts';
import { keyState } from '../../../renderer/key-states.ts';

const systemKey = new Uint8Array(32).fill(7);
const onDisk: Custody = { folder: '/data/keys', systemKey };

/** A lock over an engine that only remembers what it was started with, and whether the lock was told before or after. */
function lockOver({
  opensWith = ['system'] as KeyState['opensWith'],
  custody = onDisk,
  kept = true,
  state = async () => keyState({ opensWith }),
  setAside = () => '/data/keys/aside.key',
}: {
  readonly opensWith?: KeyState['opensWith'];
  readonly custody?: Custody;
  readonly kept?: boolean;
  readonly state?: () => Promise<KeyState>;
  readonly setAside?: () => string;
} = {}) {
  const happened: string[] = [];
  const engine = {
    replace: async (_: unknown, between = () => {}) => {
      between();
      const { systemKey: given } = lock.custody;
      happened.push(`engine ${given === null ? 'without' : 'with'} the keychain's key`);
    },
    keys: state,
  } as unknown as Pick<EngineHost, 'replace' | 'keys'>;
  const lock = new KeyLock({
    engine,
    custody: () => custody,
    setAside: () => {
      happened.push('set aside');
      return setAside();
    },
    isKept: () => kept,
    changed: (now) => happened.push(now),
  });
  return { lock, happened };
}

describe('a lock on the keys', () => {
  it('ends the engine and starts one that cannot open the vault, until a person unlocks', async () => {
    const { lock, happened } = lockOver();
    expect(lock.custody).toBe(onDisk);
    expect(await lock.lock()).toBe(true);
    // Nobody hears that the keys are gone before they are.
    expect(happened).toEqual(["engine without the keychain's key", 'locked']);
    expect(lock.custody).toEqual({ folder: '/data/keys', systemKey: null });
    await lock.somebodyCame();
    expect(lock.state).toBe('locked');
    expect(await lock.unlock()).toBe(true);
    expect(happened.slice(2)).toEqual(["engine with the keychain's key", 'open']);
  });

  it('does not open without the passphrase where there is one, and is open once that has opened the vault', async () => {
    const { lock, happened } = lockOver({ opensWith: ['system', 'passphrase'] });
    await lock.lock();
    expect([await lock.unlock(), lock.state]).toEqual([false, 'locked']);
    lock.opened();
    expect([lock.state, lock.custody]).toEqual(['open', onDisk]);
    // The engine that opened it is still there.
    expect(happened).toEqual(["engine without the keychain's key", 'locked', 'open']);
  });

  it('opens by itself when somebody comes back, where only the keychain guards the vault', async () => {
    const { lock, happened } = lockOver();
    await lock.nobodyIsThere();
    expect(lock.state).toBe('away');
    await lock.nobodyIsThere();
    await lock.somebodyCame();
    expect(happened).toEqual([
      ...["engine without the keychain's key", 'away'],
      ...["engine with the keychain's key", 'open'],
    ]);
  });

  it('asks for the passphrase after a time without anybody, where there is one', async () => {
    const { lock } = lockOver({ opensWith: ['passphrase'], custody: { ...onDisk, systemKey: null } });
    await lock.nobodyIsThere();
    await lock.somebodyCame();
    expect(lock.state).toBe('locked');
  });

  it('leaves alone keys that live in memory only: they would be gone for good', async () => {
    const { lock, happened } = lockOver({ kept: false });
    expect(await lock.lock()).toBe(false);
    await lock.nobodyIsThere();
    expect(happened).toEqual([]);
  });

  it('begins another vault beside one that does not open, and never while the keys are open', async () => {
    const open = lockOver();
    await expect(open.lock.beginAnew()).rejects.toMatchObject({ code: 'request-invalid' });
    expect(open.happened).toEqual([]);
    const shut = lockOver({ state: async () => keyState({ opensWith: ['passphrase'], locked: true }) });
    expect(await shut.lock.beginAnew()).toBe('/data/keys/aside.key');
    // It is moved while no engine has it open.
    expect(shut.happened).toEqual(['set aside', "engine with the keychain's key", 'open']);
  });

  it('begins another vault beside one that is damaged, but not for an engine that does not answer', async () => {
    const failing = (code: 'key-vault' | 'engine-crashed') =>
      lockOver({ state: () => Promise.reject(new CxrError(code)) });
    expect(await failing('key-vault').lock.beginAnew()).toBe('/data/keys/aside.key');
    const crashed = failing('engine-crashed');
    await expect(crashed.lock.beginAnew()).rejects.toMatchObject({ code: 'engine-crashed' });
    expect(crashed.happened).toEqual([]);
  });

  it('stays locked where the vault could not be moved', async () => {
    const { lock, happened } = lockOver({
      setAside: () => {
        throw new CxrError('key-unsaved', { reason: 'EROFS' });
      },
      opensWith: ['system', 'passphrase'],
      state: async () => keyState({ opensWith: ['system', 'passphrase'], locked: true }),
    });
    await lock.lock();
    await expect(lock.beginAnew()).rejects.toMatchObject({ code: 'key-unsaved' });
    expect([lock.state, happened.at(-1)]).toEqual(['locked', 'set aside']);
  });
});
