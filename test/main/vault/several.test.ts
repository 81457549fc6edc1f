import { describe, expect, it } from 'vitest';
import { stateOf } from '../../../main/vault/summary.ts';
import { Vault } from '../../../main/vault/vault.ts';
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
const openTwo = async (folder: string, key: Uint8Array | null) =>
  [await Vault.open({ folder, systemKey: key }), await Vault.open({ folder, systemKey: key })] as const;

describe('two vaults on one folder', () => {
  it('see each other’s changes, from the first one on', async () => {
    using place = vaultFolder();
    const [here, there] = await openTwo(place.folder, systemKey);
    // Both were new, each with a data key of its own: the file that is there first wins.
    here.update(adding(seedOf(1)));
    there.update(adding(seedOf(2)));
    expect(fingerprints(here)).toEqual([first, second]);
    expect(fingerprints(there)).toEqual([first, second]);
    expect(here.body.revision).toBe(2);
    expect(here.seed(second).equals(seedOf(2))).toBe(true);
  });

  it('erase the seed of a key that the other destroyed, and keep those of the rest in place', async () => {
    using place = vaultFolder();
    const [here, there] = await openTwo(place.folder, systemKey);
    here.update(adding(seedOf(1)));
    here.update(adding(seedOf(2)));
    const held = there.body.seeds;
    here.update((body) => ({ ...body, keys: body.keys.slice(1), seeds: new Map([...body.seeds].slice(1)) }));
    expect(fingerprints(there)).toEqual([second]);
    expect(held.get(first)!.equals(Buffer.alloc(32))).toBe(true);
    expect(there.body.seeds.get(second)).toBe(held.get(second));
    expect(held.get(second)!.equals(seedOf(2))).toBe(true);
  });

  it('follow a change of the passphrase where the keychain opens both', async () => {
    using place = vaultFolder();
    const [here, there] = await openTwo(place.folder, systemKey);
    here.update(adding(seedOf(1)));
    expect(fingerprints(there)).toEqual([first]);
    await here.protect({ passphrase, system: true });
    there.update(adding(seedOf(2)));
    expect(there.slots).toEqual(['system', 'passphrase']);
    expect(fingerprints(here)).toEqual([first, second]);
    expect(await here.admits(passphrase)).toBe(true);
  });

  it('lock each other out by a new passphrase where nothing else opens them', async () => {
    using place = vaultFolder();
    using here = await Vault.open({ folder: place.folder, systemKey: null });
    here.update(adding(seedOf(1)));
    await here.protect({ passphrase, system: false });
    using there = await Vault.open({ folder: place.folder, systemKey: null });
    await there.unlock(passphrase);
    const held = there.body.seeds.get(first)!;
    await here.protect({ passphrase: otherPassphrase, system: false });
    expect(stateOf(there, 0)).toMatchObject({ locked: true, keys: [] });
    expect(held.equals(Buffer.alloc(32))).toBe(true);
    expect(await codeOf(() => there.update(adding(seedOf(2))))).toBe('key-locked');
    await there.unlock(otherPassphrase);
    expect(fingerprints(there)).toEqual([first]);
  });

  it('never overwrite each other’s keys, also where one was in memory only', async () => {
    using place = vaultFolder();
    const [here, there] = await openTwo(place.folder, null);
    here.update(adding(seedOf(1)));
    there.update(adding(seedOf(2)));
    expect([fingerprints(here), fingerprints(there)]).toEqual([[first], [second]]);
    await here.protect({ passphrase, system: false });
    const protecting = () => there.protect({ passphrase: otherPassphrase, system: false });
    expect(await codeOf(protecting)).toBe('key-locked');
    expect(fingerprints(here)).toEqual([first]);
    await there.unlock(passphrase);
    expect(fingerprints(there)).toEqual([first]);
  });
});
