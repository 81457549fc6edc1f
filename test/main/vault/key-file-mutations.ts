import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importKey } from '../../../main/vault/keys/key-files.ts';
import { Vault } from '../../../main/vault/vault.ts';
import { adding, codeOf, recordOf, seedOf, vaultFolder } from './fixture.ts';
import { digestBytes, digested, exportsOfEachKind, type KeyFile, kinds } from './key-files.ts';

/** What became of many files that were to be taken in. */
export type Mutated = {
  /** How often each code refused a file; `imported` where none did. */
  readonly codes: Readonly<Record<string, number>>;
  /** The most processor time that one file took, ms. It does not depend on what else the machine does. */
  readonly slowestMs: number;
};

/** Numbers in [0, 1) that a seed decides (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Lets a vault with one key take in random files and exports in which something was changed, and looks after each that
 * it holds the one key as before.
 *
 * @param of  the kinds of export, in turn; a share is taken in with another one that is right.
 * @throws Error when it does not.
 */
export async function runKeyFileMutations(
  count: number,
  seed: number,
  of: readonly (typeof kinds)[number][] = kinds,
): Promise<Mutated> {
  const random = randomFrom(seed);
  const each = await exportsOfEachKind();
  const files = of.map((kind) => each[kind]);
  const codes: Record<string, number> = {};
  let slowestMs = 0;
  using place = vaultFolder();
  const path = join(place.folder, 'in.key');
  const beside = files.map((file, kind) =>
    file.beside.map((other, index) => {
      const name = join(place.folder, `beside-${kind}-${index}.key`);
      writeFileSync(name, other);
      return name;
    }),
  );
  const present = recordOf(seedOf(2));
  for (let done = 0; done < count; done += 1) {
    const valid = files[done % files.length]!;
    const bytes = mutate(valid, done, random);
    if (bytes.equals(valid.bytes)) continue;
    using vault = await Vault.open({ folder: null, systemKey: null });
    vault.update((body) => ({ ...adding(seedOf(2))(body), identity: valid.secrets.identity }));
    writeFileSync(path, bytes);
    const right = beside[done % files.length]!;
    const paths = random() < 0.5 ? [path, ...right] : [...right, path];
    const started = process.cpuUsage();
    const code = await codeOf(() => importKey(vault, paths, valid.secrets.passphrase, recordOf(seedOf(1))));
    const { user, system } = process.cpuUsage(started);
    slowestMs = Math.max(slowestMs, (user + system) / 1000);
    const name = code === 'opened' ? 'imported' : code;
    codes[name] = (codes[name] ?? 0) + 1;
    const [only, ...others] = vault.body.keys;
    const isKept = only?.state === 'active' && vault.seed(present.fingerprint).equals(seedOf(2));
    if (code !== 'opened' && (!isKept || others.length > 0)) throw new Error('the present key was lost');
  }
  rmSync(path, { force: true });
  return { codes, slowestMs };
}

/** One in so many files asks for as much as a passphrase may cost. */
const costlyEvery = 400;

function mutate(valid: KeyFile, index: number, random: () => number): Buffer {
  const pick = (count: number) => Math.floor(random() * count);
  const noise = (length: number) => noiseOf(length, pick);
  const body = valid.bytes.subarray(0, -digestBytes);
  // The first of four files is the one with a passphrase.
  if (index % costlyEvery === 0 && valid.secrets.passphrase !== null)
    return withHeader(body, (header) => ({
      ...header,
      kdf: { ...header.kdf!, memoryKiB: 524_288, passes: 1 },
    }));
  switch (pick(8)) {
    case 0:
      return noise(pick(2_000));
    case 1:
      return Buffer.concat([Buffer.from('cipherfilm-key/1\n'), noise(pick(500))]);
    case 2:
      return digested(
        `cipherfilm-key/1\n${noise(pick(300)).toString('base64url')}\n${noise(60).toString('base64url')}\n`,
      );
    case 3:
      return Buffer.from(valid.bytes.subarray(0, pick(valid.bytes.length)));
    case 4:
      return flipped(valid.bytes, pick, 1 + pick(4));
    case 5:
      return digested(flipped(body, pick, 1).toString('latin1'));
    case 6:
      return withSealed(body, (sealed) => flipped(sealed, pick, 1 + pick(2)));
    default:
      return withHeader(body, (header) => hostile(header, pick));
  }
}

const noiseOf = (length: number, pick: (count: number) => number): Buffer =>
  Buffer.from(Array.from({ length }, () => pick(256)));

function flipped(bytes: Buffer, pick: (count: number) => number, changes: number): Buffer {
  const changed = Buffer.from(bytes);
  for (let change = 0; change < changes; change += 1) changed[pick(changed.length)]! ^= 1 << pick(8);
  return changed;
}

type Header = Record<string, unknown> & {
  readonly kdf?: object;
  readonly share?: object;
  readonly about: object;
};

/** A header in which numbers are extreme, fields are missing, or something is claimed of the key. */
function hostile(header: Header, pick: (count: number) => number): unknown {
  const numbers = [0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, 8_192, 524_289, 11, 17];
  const number = numbers[pick(numbers.length)]!;
  const { kdf, share, about } = header;
  const changes: readonly unknown[] = [
    { ...header, kdf: { ...kdf, memoryKiB: number } },
    { ...header, kdf: { ...kdf, passes: number } },
    { ...header, kdf: { ...kdf, lanes: number } },
    { ...header, kdf: { ...kdf, salt: 'A'.repeat(pick(64)) } },
    ...(share === undefined
      ? []
      : [
          { ...header, share: { ...share, number: 1 + pick(9) } },
          { ...header, share: { ...share, of: pick(10) } },
          { ...header, share: { ...share, threshold: pick(4) } },
          { ...header, share: { ...share, set: noiseOf(16, pick).toString('hex') } },
        ]),
    { ...header, about: { ...about, decryptions: number } },
    { ...header, about: { ...about, label: 'x'.repeat(pick(100)) } },
    { ...header, about: { ...about, fingerprint: 'f'.repeat(64) } },
    { ...header, for: ['recipients', 'passphrase', 'shares'][pick(3)] },
    { about },
    [header, header],
    null,
    '['.repeat(5_000),
  ];
  return changes[pick(changes.length)];
}

function withHeader(body: Buffer, change: (header: Header) => unknown): Buffer {
  const [magic, header, sealed] = body.toString('latin1').split('\n') as [string, string, string];
  const json = change(JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as Header);
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return digested(`${magic}\n${Buffer.from(text, 'utf8').toString('base64url')}\n${sealed}\n`);
}

function withSealed(body: Buffer, change: (sealed: Buffer) => Buffer): Buffer {
  const [magic, header, sealed] = body.toString('latin1').split('\n') as [string, string, string];
  return digested(`${magic}\n${header}\n${change(Buffer.from(sealed, 'base64url')).toString('base64url')}\n`);
}
