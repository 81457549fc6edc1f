import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { WriteStep } from '../../../main/files/write-private.ts';
import { withFileLock } from '../../../main/vault/file-lock.ts';
import { Vault } from '../../../main/vault/vault.ts';
import { sweep } from '../../../main/vault/vault-disk.ts';
import {
  adding,
  codeOf,
  otherPassphrase,
  passphrase,
  recordOf,
  seedOf,
  systemKey,
  vaultFolder,
} from './fixture.ts';

const [first, second] = [recordOf(seedOf(1)).fingerprint, recordOf(seedOf(2)).fingerprint];
const fingerprints = (vault: Vault) => vault.body.keys.map(({ fingerprint }) => fingerprint);
/** With the keys that the vault has after a write that ended there: the new file is in place after "replace". */
const steps: readonly (readonly [WriteStep, readonly string[]])[] = [
  ['open', [first]],
  ['write', [first]],
  ['flush', [first]],
  ['replace', [first]],
  ['flush folder', [first, second]],
];

/** Lets the system refuse to rename a file, as in a folder that is not writable. */
const moving = vi.hoisted(() => ({ isForbidden: false }));
vi.mock('node:fs', async (original) => {
  const system = await original<typeof import('node:fs')>();
  const renameSync: typeof system.renameSync = (from, to) => {
    if (moving.isForbidden) throw Object.assign(new Error(), { code: 'EACCES' });
    system.renameSync(from, to);
  };
  return { ...system, renameSync };
});

async function run(task: string, folder: string): Promise<NodeJS.Signals | null> {
  const script = join(import.meta.dirname, 'process.ts');
  const [, signal] = await once(spawn(process.execPath, [script, task, folder], { stdio: 'ignore' }), 'exit');
  return signal;
}

describe('a write that fails', () => {
  it.each(steps)('at "%s" leaves the old key, and the vault goes on', async (broken, expected) => {
    using place = vaultFolder();
    let isBroken = false;
    using vault = await Vault.open({ folder: place.folder, systemKey }, (step) => {
      if (isBroken && step === broken) throw Object.assign(new Error(), { code: 'EIO' });
    });
    vault.update(adding(seedOf(1)));
    isBroken = true;
    expect(() => vault.update(adding(seedOf(2)))).toThrow('key-unsaved {"reason":"EIO"}');
    isBroken = false;
    using again = await Vault.open({ folder: place.folder, systemKey });
    expect(fingerprints(again)).toEqual(expected);
    expect(fingerprints(vault)).toEqual(expected);
    expect(again.seed(first).equals(seedOf(1))).toBe(true);
    vault.update(adding(seedOf(3)));
    expect(fingerprints(again)).toEqual([...expected, recordOf(seedOf(3)).fingerprint]);
  });

  it.each(steps)(
    'at "%s" of another passphrase leaves the key to the old or to the new one',
    async (broken) => {
      using place = vaultFolder();
      let isBroken = false;
      using vault = await Vault.open({ folder: place.folder, systemKey: null }, (step) => {
        if (isBroken && step === broken) throw new Error();
      });
      vault.update(adding(seedOf(1)));
      await vault.protect({ passphrase, system: false });
      isBroken = true;
      const changing = () => vault.protect({ passphrase: otherPassphrase, system: false });
      expect(await codeOf(changing)).toBe('key-unsaved');
      using again = await Vault.open({ folder: place.folder, systemKey: null });
      await again.unlock(broken === 'flush folder' ? otherPassphrase : passphrase);
      expect(again.seed(first).equals(seedOf(1))).toBe(true);
    },
  );
});

describe('a process that ends', () => {
  // Windows has no such signal.
  it.skipIf(process.platform === 'win32').each(steps)(
    'at "%s" leaves the old key, and no lock that anybody waits for',
    async (step, expected) => {
      using place = vaultFolder();
      using vault = await Vault.open({ folder: place.folder, systemKey });
      vault.update(adding(seedOf(1)));
      expect(await run(step, place.folder)).toBe('SIGKILL');
      expect(fingerprints(vault)).toEqual(expected);
      expect(existsSync(`${place.file}.lock`)).toBe(true);
      const started = performance.now();
      sweep(place.folder);
      vault.update(adding(seedOf(3)));
      expect(performance.now() - started).toBeLessThan(2_000);
      expect(vault.seed(first).equals(seedOf(1))).toBe(true);
      expect(readdirSync(place.folder)).toEqual(['vault.json']);
    },
  );
});

describe('two processes', () => {
  it('that change one vault at the same time lose no change', async () => {
    using place = vaultFolder();
    using vault = await Vault.open({ folder: place.folder, systemKey });
    vault.update(adding(seedOf(1)));
    await Promise.all([run('count', place.folder), run('count', place.folder)]);
    // A hundred each, after the first change.
    expect(vault.body).toMatchObject({ revision: 201, keys: [{ decryptions: 200 }] });
  });
});

describe('a lock', () => {
  /** Lets every look at the clock be a second later, so that nothing really waits for ten of them. */
  function hasten(): Disposable {
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000));
    return { [Symbol.dispose]: () => clock.mockRestore() };
  }

  it.each(['', `${process.pid} ${'0'.repeat(24)}`])(
    'that says "%s" is taken over after it was watched for ten seconds, whatever its date',
    (holder) => {
      using place = vaultFolder();
      const lock = join(place.folder, 'lock');
      writeFileSync(lock, holder);
      using _fast = hasten();
      let isDone = false;
      withFileLock(lock, () => {
        isDone = true;
        expect(statSync(lock).size).toBeGreaterThan(24);
      });
      expect(isDone).toBe(true);
      // A look to start with, one at which it was first seen, ten more until more than ten seconds have gone.
      expect(performance.now()).toBe(1_000 * (1 + 1 + 11 + 1));
      expect(readdirSync(place.folder)).toEqual([]);
    },
  );

  it('that cannot be taken over is waited for no longer than 15 seconds', async () => {
    using place = vaultFolder();
    const lock = join(place.folder, 'lock');
    mkdirSync(lock);
    using _fast = hasten();
    expect(await codeOf(() => withFileLock(lock, () => {}))).toBe('key-vault-busy');
  });

  it('that cannot be moved away is not waited for longer either, though its process has ended', async () => {
    using place = vaultFolder();
    const lock = join(place.folder, 'lock');
    // No process has so large a number.
    writeFileSync(lock, `${2 ** 30} ${'0'.repeat(24)}`);
    using _fast = hasten();
    moving.isForbidden = true;
    try {
      expect(await codeOf(() => withFileLock(lock, () => {}))).toBe('key-vault-busy');
    } finally {
      moving.isForbidden = false;
    }
    let isDone = false;
    withFileLock(lock, () => {
      isDone = true;
    });
    expect(isDone).toBe(true);
  });

  it('is given back when the work fails, and refused where there is no folder', async () => {
    using place = vaultFolder();
    const lock = join(place.folder, 'lock');
    const work = () => {
      throw new RangeError('work');
    };
    expect(() => withFileLock(lock, work)).toThrow(RangeError);
    expect(readdirSync(place.folder)).toEqual([]);
    expect(await codeOf(() => withFileLock(join(place.folder, 'none', 'lock'), work))).toBe('key-unsaved');
  });
});
