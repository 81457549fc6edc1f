import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WriteStep } from '../../../main/files/write-private.ts';
import {
  addressOf,
  generateIdentity,
  type Sender,
  writeExport,
} from '../../../main/vault/exports/export-file.ts';
import { fingerprintOf } from '../../../main/vault/fingerprint.ts';
import { importKey } from '../../../main/vault/keys/key-files.ts';
import { factsOf } from '../../../main/vault/keys/key-records.ts';
import { Vault } from '../../../main/vault/vault.ts';
import { adding, cheapKdf, codeOf, passphrase, recordOf, seedOf, systemKey, vaultFolder } from './fixture.ts';
import { runKeyFileMutations } from './key-file-mutations.ts';
import { everyByteChanged, exportsOfEachKind, kinds } from './key-files.ts';

const [present, incoming] = [recordOf(seedOf(1)), recordOf(seedOf(2))];
/** As the properties: another one tests other files. */
const seed = Number(process.env.FAST_CHECK_SEED ?? 20261123);
const toPassphrase = { kind: 'passphrase', passphrase } as const;
/** What the vault has after an import that ended there: the new file is in place after "replace". */
const steps: readonly (readonly [WriteStep, boolean])[] = [
  ['open', false],
  ['write', false],
  ['flush', false],
  ['replace', false],
  ['flush folder', true],
];
const statesOf = (vault: Vault) => vault.body.keys.map(({ fingerprint, state }) => [fingerprint, state]);
const before = [[present.fingerprint, 'active']];
const after = [
  [present.fingerprint, 'retired'],
  [incoming.fingerprint, 'active'],
];

/** A folder with a vault that has one key, and an export of another beside it. */
async function placeWithExport() {
  const place = vaultFolder();
  const file = join(place.folder, 'in.key');
  writeFileSync(file, await writeExport(seedOf(2), factsOf(incoming), toPassphrase, cheapKdf()));
  using vault = await Vault.open({ folder: place.folder, systemKey });
  vault.update(adding(seedOf(1)));
  return { ...place, file };
}

describe('an import that is cut off', () => {
  // Windows has no such signal.
  it.skipIf(process.platform === 'win32').each(steps)(
    'by the end of its process at "%s" leaves the present key, and can be done again',
    async (step, isDone) => {
      using place = await placeWithExport();
      const script = join(import.meta.dirname, 'process.ts');
      const child = spawn(process.execPath, [script, 'import', step, place.folder], { stdio: 'ignore' });
      expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
      using vault = await Vault.open({ folder: place.folder, systemKey });
      expect(statesOf(vault)).toEqual(isDone ? after : before);
      expect(vault.seed(present.fingerprint).equals(seedOf(1))).toBe(true);
      await importKey(vault, place.file, passphrase, incoming);
      expect(statesOf(vault)).toEqual(after);
      expect(vault.seed(present.fingerprint).equals(seedOf(1))).toBe(true);
    },
  );

  it.each(steps)(
    'by the system at "%s" leaves the present key, on disk and in memory',
    async (broken, isDone) => {
      using place = await placeWithExport();
      using vault = await Vault.open({ folder: place.folder, systemKey }, (step) => {
        if (step === broken) throw Object.assign(new Error(), { code: 'ENOSPC' });
      });
      expect(await codeOf(() => importKey(vault, place.file, passphrase, incoming))).toBe('key-unsaved');
      using again = await Vault.open({ folder: place.folder, systemKey });
      for (const one of [vault, again]) {
        expect(statesOf(one)).toEqual(isDone ? after : before);
        expect(one.seed(present.fingerprint).equals(seedOf(1))).toBe(true);
      }
    },
  );
});

describe('export and import', () => {
  const labels = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((label) => label.length <= 80);
  const keys = fc.record({
    seed: fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((seed) => seed.some((byte) => byte !== 0)),
    label: labels,
    generation: fc.integer({ min: 1, max: 1_000_000 }),
    decryptions: fc.nat(),
    created: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
  });

  it.each(['passphrase', 'hybrid', 'x25519'])(
    'keep the fingerprint, the name, the date and the count of any key, sealed by %s',
    async (kind) => {
      using place = vaultFolder();
      const file = join(place.folder, 'in.key');
      const identity = kind === 'x25519' ? await generateX25519Identity() : await generateIdentity();
      const addresses = { kind: 'addresses', addresses: [await addressOf(identity)] } as const;
      const to: Sender = kind === 'passphrase' ? toPassphrase : addresses;
      const kept = async ({
        seed,
        created,
        ...facts
      }: {
        seed: Uint8Array;
        created: Date;
        label: string;
      }) => {
        const fingerprint = fingerprintOf(seed);
        const known = { ...recordOf(Buffer.from(seed)), ...facts, created: created.toISOString() };
        writeFileSync(file, await writeExport(seed, factsOf(known), to, cheapKdf()));
        using vault = await Vault.open({ folder: null, systemKey: null });
        vault.update((body) => ({ ...body, identity }));
        const secret = kind === 'passphrase' ? passphrase : null;
        await importKey(vault, file, secret, { fingerprint, parameters: known.parameters });
        const { label, decryptions } = known;
        const expected = { fingerprint, label, decryptions, created: known.created, state: 'active' };
        expect(vault.body.keys).toMatchObject([expected]);
        expect(vault.seed(fingerprint).equals(seed)).toBe(true);
      };
      await fc.assert(fc.asyncProperty(keys, kept), { numRuns: 20 });
    },
  );
});

describe('a file that is no export of ours', () => {
  it.each(kinds)('is refused where any one byte of an export was changed, sealed by %s', async (kind) => {
    const file = (await exportsOfEachKind())[kind];
    const codes = await everyByteChanged(file, { redigest: false });
    expect(Object.keys(codes).toSorted()).toEqual(['key-file-altered', 'key-file-foreign']);
    expect(Object.values(codes).reduce((sum, count) => sum + count)).toBe(file.bytes.length);
  });

  it.each(kinds)(
    'is refused there also when the digest was reckoned anew, sealed by %s',
    async (kind) => {
      const file = (await exportsOfEachKind())[kind];
      const codes = await everyByteChanged(file, { redigest: true });
      expect(codes).not.toHaveProperty('opened');
    },
    120_000,
  );

  it('never imports, whatever it is made of, and none takes two seconds', async () => {
    const { codes, slowestMs } = await runKeyFileMutations(400, seed);
    expect(codes).not.toHaveProperty('imported');
    // All ways of refusing a file are reached, not just the first.
    for (const code of [
      'key-file-foreign',
      'key-file-altered',
      'key-file-costly',
      'key-passphrase',
      'key-file-recipient',
    ])
      expect(codes).toHaveProperty(code);
    expect(slowestMs).toBeLessThan(2_000);
  }, 120_000);

  it('is told from one that is right, or nothing above would mean anything', async () => {
    for (const { bytes, beside, secrets } of Object.values(await exportsOfEachKind())) {
      using place = vaultFolder();
      const file = join(place.folder, 'in.key');
      const files = [bytes, ...beside].map((content, index) => {
        writeFileSync(`${file}-${index}`, content);
        return `${file}-${index}`;
      });
      using vault = await Vault.open({ folder: null, systemKey: null });
      vault.update((body) => ({ ...body, identity: secrets.identity }));
      await importKey(vault, files, secrets.passphrase, present);
      expect(vault.body.keys).toHaveLength(1);
    }
  });
});
