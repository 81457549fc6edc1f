import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CodedError } from '../../../contract/errors.ts';
import type { Custody } from '../../../contract/ipc/custody.ts';
import type { KeyReplyOf, KeyRequest } from '../../../contract/ipc/vault.ts';
import { KeyHolder } from '../../../he/client/keys.ts';
import { connect } from '../../../main/connector/connector.ts';
import { Keyring } from '../../../main/engine/keyring.ts';
import { changesReadiness, KeyDesk } from '../../../main/engine/keys/key-desk.ts';
import { VaultAccess } from '../../../main/engine/keys/vault-access.ts';
import { StageClock } from '../../../main/engine/stage-clock.ts';
import type { Models } from '../../../main/engine/station.ts';
import { freshSeed } from '../../../main/vault/exports/export-file.ts';
import { withActiveKey, withRecord } from '../../../main/vault/keys/key-records.ts';
import { decryptionBudget } from '../../../main/vault/rotation.ts';
import type { ClientHalf } from '../../../native-models/client-half.ts';
import { bundle as served } from '../../evaluator/fake-evaluator.ts';
import { randomHefNet } from '../../he/random-network.ts';
import { smallBundle } from '../../he/small-bundle.ts';

const small = smallBundle(
  randomHefNet(3, { side: 16, widths: [8, 16], findings: 14, squeeze: 4, attention: true }),
);
const half = { id: served, description: small.description } as ClientHalf;
const passphrase = 'violet anvil drizzle cathode';

const cleanups: (() => Promise<void> | void)[] = [];
beforeEach(() => {
  // The small ring is below 128 bits, which the product refuses; nothing else of the key's making is replaced.
  vi.spyOn(KeyHolder, 'restore').mockImplementation((_description, seed) =>
    KeyHolder.fromSeed(small.params, seed),
  );
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A workstation with a data folder of its own, and what a person does at its desk. */
function workstation(
  url = 'http://127.0.0.1:9',
  {
    folder = newFolder(),
    line,
    embedded = false,
  }: { readonly folder?: string; readonly line?: CodedError; readonly embedded?: boolean } = {},
) {
  const custody: Custody = { folder, systemKey: Buffer.alloc(32, 7) };
  const access = new VaultAccess(custody);
  const keyring = new Keyring(half, access);
  const connector = connect(url, { retry: { attempts: 1, baseDelayMs: 1, maxDelayMs: 1 } });
  const models = { half, access, keyring } as unknown as Models;
  const evaluator = { url: connector.url, embedded };
  const desk = new KeyDesk(models, line ?? { connector, evaluator });
  const clock = () => new StageClock({ signal: new AbortController().signal, onProgress: () => {} });
  const ask = async <R extends KeyRequest>(request: R, path: string | null = null) =>
    (await desk.answer({ request, path }, clock())) as KeyReplyOf[R['kind']];
  const active = async () => (await ask({ kind: 'state' })).keys.find(({ state }) => state === 'active');
  return { folder, access, keyring, connector, ask, active, desk };
}
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-desk-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('a key that goes to another workstation', () => {
  it('is the same key there, and the one that was there is kept', async () => {
    const [from, to] = [workstation(), workstation()];
    const { fingerprint } = await from.keyring.keys();
    const before = await to.keyring.keys();
    await from.keyring.countDecryption();
    const file = join(from.folder, 'out.key');
    await from.ask({ kind: 'export', fingerprint, to: { kind: 'passphrase', passphrase } }, file);
    const facts = await to.ask({ kind: 'inspect', passphrase }, file);
    expect(facts).toMatchObject({
      key: { fingerprint, decryptions: 1 },
      parametersMatch: true,
      replaces: { fingerprint: before.fingerprint },
      isKnown: false,
    });
    // Looking changes nothing.
    expect((await to.active())?.fingerprint).toBe(before.fingerprint);
    await to.ask({ kind: 'import', passphrase, fingerprint }, file);
    expect((await to.keyring.keys()).fingerprint).toBe(fingerprint);
    const { keys } = await to.ask({ kind: 'state' });
    expect(keys.map(({ fingerprint: name, state, origin }) => [name, state, origin])).toEqual([
      [fingerprint, 'active', 'imported'],
      [before.fingerprint, 'retired', 'made'],
    ]);
    // A result that one encrypted, the other decrypts: both hold one secret.
    const [ours, theirs] = [await from.keyring.keys(), await to.keyring.keys()];
    const bytesOf = ({ holder }: typeof ours) =>
      Buffer.from(holder.top.secretKey.saveToArray(holder.seal.ComprModeType.none) as Uint8Array);
    expect(bytesOf(ours).equals(bytesOf(theirs))).toBe(true);
  });

  it('travels for an address without a passphrase, and opens nowhere else', async () => {
    const [from, to, other] = [workstation(), workstation(), workstation()];
    const { fingerprint } = await from.keyring.keys();
    const { address } = await to.ask({ kind: 'address' });
    expect((await to.ask({ kind: 'address' })).address).toBe(address);
    const file = join(from.folder, 'out.key');
    await from.ask({ kind: 'export', fingerprint, to: { kind: 'addresses', addresses: [address] } }, file);
    await to.ask({ kind: 'import', passphrase: null, fingerprint }, file);
    expect((await to.active())?.fingerprint).toBe(fingerprint);
    await expect(other.ask({ kind: 'import', passphrase: null, fingerprint }, file)).rejects.toMatchObject({
      code: 'key-file-recipient',
    });
  });

  it('is refused with a code where anything is wrong, and the key in use stays', async () => {
    const [from, to] = [workstation(), workstation()];
    const { fingerprint } = await from.keyring.keys();
    const own = (await to.keyring.keys()).fingerprint;
    const file = join(from.folder, 'out.key');
    await from.ask({ kind: 'export', fingerprint, to: { kind: 'passphrase', passphrase } }, file);
    const text = readFileSync(file, 'utf8');
    const take = (secret: string, name = fingerprint) =>
      to.ask({ kind: 'import', passphrase: secret, fingerprint: name }, file);
    await expect(take('pelican turnstile mosaic ember')).rejects.toMatchObject({ code: 'key-passphrase' });
    await expect(take(passphrase, '0'.repeat(64))).rejects.toMatchObject({ code: 'key-mismatch' });
    writeFileSync(file, text.replace('cipherfilm-key/1', 'cipherfilm-key/2'));
    await expect(take(passphrase)).rejects.toMatchObject({ code: 'key-file-version' });
    writeFileSync(file, text.slice(0, -9));
    await expect(take(passphrase)).rejects.toMatchObject({ code: 'key-file-altered' });
    writeFileSync(file, 'a letter');
    await expect(take(passphrase)).rejects.toMatchObject({ code: 'key-file-foreign' });
    rmSync(file);
    await expect(take(passphrase)).rejects.toMatchObject({ code: 'file-unreadable' });
    expect((await to.active())?.fingerprint).toBe(own);
    expect((await to.ask({ kind: 'state' })).keys).toHaveLength(1);
  });

  it('of another model’s parameters is shown for what it is and not taken in', async () => {
    const [from, to] = [workstation(), workstation()];
    const { fingerprint } = await from.keyring.keys();
    const vault = await from.access.open();
    vault.update((body) => withRecord(body, fingerprint, () => ({ parameters: 'ab'.repeat(32) })));
    const file = join(from.folder, 'out.key');
    await from.ask({ kind: 'export', fingerprint, to: { kind: 'passphrase', passphrase } }, file);
    expect((await to.ask({ kind: 'inspect', passphrase }, file)).parametersMatch).toBe(false);
    await expect(to.ask({ kind: 'import', passphrase, fingerprint }, file)).rejects.toMatchObject({
      code: 'key-file-parameters',
    });
  });
});

describe('a key that is changed or destroyed', () => {
  it('makes room for the next: the evaluator forgets the old evaluation keys, and so does the disk', async () => {
    const { ask, keyring, connector, folder } = workstation();
    const before = await keyring.keys();
    const stored = (keyId: string) => existsSync(join(folder, 'evaluation-keys', keyId));
    const drops: string[] = [];
    connector.dropKeys = async (keyId) => void drops.push(keyId);
    const state = await ask({ kind: 'rotate' });
    const after = await keyring.keys();
    expect(after.fingerprint).not.toBe(before.fingerprint);
    expect(state.keys.map(({ generation, state: how }) => [generation, how])).toEqual([
      [2, 'active'],
      [1, 'retired'],
    ]);
    expect(drops).toEqual([before.evaluation.keyId]);
    expect([stored(before.evaluation.keyId), stored(after.evaluation.keyId)]).toEqual([false, true]);
  });

  it('is told later to the evaluator on this machine too, which listens at another address at each start', async () => {
    const { ask, keyring, folder } = workstation('http://127.0.0.1:9', { embedded: true });
    const before = await keyring.keys();
    await ask({ kind: 'rotate' });
    const again = workstation('http://127.0.0.1:10', { folder, embedded: true });
    const told: string[] = [];
    again.connector.dropKeys = async (keyId) => void told.push(keyId);
    expect(await again.desk.drop(new AbortController().signal)).toBe(true);
    expect(told).toEqual([before.evaluation.keyId]);
  });

  it('leaves the evaluator when another is taken in for it: that is noted, and told when the evaluator is there', async () => {
    const [from, to] = [workstation(), workstation()];
    const { fingerprint } = await from.keyring.keys();
    const before = await to.keyring.keys();
    const file = join(from.folder, 'out.key');
    await from.ask({ kind: 'export', fingerprint, to: { kind: 'passphrase', passphrase } }, file);
    await to.ask({ kind: 'import', passphrase, fingerprint }, file);
    const drops = async () => (await to.access.open()).body.drops.map(({ keyId }) => keyId);
    expect(await drops()).toEqual([before.evaluation.keyId]);
    expect(existsSync(join(to.folder, 'evaluation-keys', before.evaluation.keyId))).toBe(false);
    // Taken in once more, it is in use already, and its own evaluation keys stay.
    await to.keyring.keys();
    await to.ask({ kind: 'import', passphrase, fingerprint }, file);
    expect(await drops()).toEqual([before.evaluation.keyId]);
  });

  it('is told to the evaluator later where it is away, and not told twice', async () => {
    const { ask, keyring, connector, desk, access } = workstation();
    const before = await keyring.keys();
    await ask({ kind: 'rotate' });
    const drops = async () => (await access.open()).body.drops.map(({ keyId }) => keyId);
    expect(await drops()).toEqual([before.evaluation.keyId]);
    const told: string[] = [];
    connector.dropKeys = async (keyId) => void told.push(keyId);
    const { signal } = new AbortController();
    expect(await desk.drop(signal)).toBe(true);
    expect(await desk.drop(signal)).toBe(true);
    expect(told).toEqual([before.evaluation.keyId]);
    expect(await drops()).toEqual([]);
  });

  it('is gone from the vault’s file, with a proof, and no other is made by itself', async () => {
    const { ask, keyring, folder } = workstation();
    const { fingerprint } = await keyring.keys();
    const { proof, state } = await ask({ kind: 'destroy', fingerprint });
    expect(proof).toMatchObject({ format: 'cipherfilm-destruction/1', fingerprint, evaluatorTold: false });
    expect(proof.vaultBefore).toMatch(/^[0-9a-f]{64}$/);
    expect(proof.vaultAfter).not.toBe(proof.vaultBefore);
    expect(state.keys).toEqual([]);
    expect(state.destroyed).toMatchObject([{ fingerprint }]);
    await expect(keyring.keys()).rejects.toMatchObject({ code: 'key-none' });
    const again = workstation('http://127.0.0.1:9', { folder });
    await expect(again.keyring.keys()).rejects.toMatchObject({ code: 'key-none' });
    expect((await again.access.open()).body.seeds.size).toBe(0);
    await again.ask({ kind: 'create', label: 'Room 4' });
    expect(await again.active()).toMatchObject({ label: 'Room 4' });
  });

  it('can be made, moved, changed and destroyed while the evaluator’s address is refused', async () => {
    const refused = { code: 'evaluator-url', detail: { reason: 'not https' } } as CodedError;
    const { ask, folder } = workstation(undefined, { line: refused });
    await ask({ kind: 'create', label: 'Room 5' });
    const { keys } = await ask({ kind: 'rotate' });
    expect(keys.map(({ state, label }) => [state, label])).toEqual([
      ['active', 'Room 5'],
      ['retired', 'Room 5'],
    ]);
    const { fingerprint } = keys[0]!;
    await ask(
      { kind: 'export', fingerprint, to: { kind: 'passphrase', passphrase } },
      join(folder, 'out.key'),
    );
    const { proof } = await ask({ kind: 'destroy', fingerprint });
    expect(proof.evaluatorTold).toBe(false);
    await expect(ask({ kind: 'verify' })).rejects.toMatchObject({ code: 'evaluator-url' });
  });

  it('decrypts no more results than its budget allows', async () => {
    const { keyring, access, ask } = workstation();
    const { fingerprint } = await keyring.keys();
    const vault = await access.open();
    vault.update((body) => withRecord(body, fingerprint, () => ({ decryptions: decryptionBudget - 1 })));
    await keyring.countDecryption();
    await expect(keyring.countDecryption()).rejects.toMatchObject({ code: 'key-spent' });
    await ask({ kind: 'rotate' });
    await keyring.keys();
    await keyring.countDecryption();
  });

  it('while its evaluation keys are being made leaves the new key in use, not the old one', async () => {
    const { ask, keyring, access } = workstation();
    const early = keyring.keys();
    const vault = await access.open();
    await expect.poll(() => vault.body.keys.length).toBe(1);
    const { parameters } = keyring;
    vault.update((body) => withActiveKey(body, freshSeed(), { parameters, label: 'new', origin: 'made' }));
    keyring.reset();
    const { fingerprint } = await early;
    const { keys } = await ask({ kind: 'state' });
    expect(keys[0]).toMatchObject({ fingerprint, label: 'new', state: 'active' });
  });
});

describe('a change of the key that is cancelled', () => {
  it('changes nothing: the key in use stays, and nobody is told to forget it', async () => {
    const { desk, keyring, access, active } = workstation();
    const before = await keyring.keys();
    const clock = new StageClock({ signal: AbortSignal.abort(), onProgress: () => {} });
    await expect(desk.answer({ request: { kind: 'rotate' }, path: null }, clock)).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect((await active())?.fingerprint).toBe(before.fingerprint);
    const { drops, keys } = (await access.open()).body;
    expect([drops.length, keys.length]).toEqual([0, 1]);
    expect((await keyring.keys()).evaluation.keyId).toBe(before.evaluation.keyId);
  });
});

describe('a check of the key', () => {
  it('is followed by no word to the evaluator, which could tell when it was decrypted', () => {
    expect(changesReadiness.has('verify')).toBe(false);
    expect(changesReadiness.has('rotate')).toBe(true);
  });
});

describe('a recovery sheet', () => {
  it('is a page without scripts whose text opens like the export that it is', async () => {
    const { ask, keyring, folder } = workstation();
    const { fingerprint } = await keyring.keys();
    const page = join(folder, 'sheet.html');
    await ask({ kind: 'recovery', fingerprint, passphrase }, page);
    const html = readFileSync(page, 'utf8');
    expect(html).not.toMatch(/<script|javascript:|https?:\/\/(?!www\.w3\.org)/);
    expect(html).not.toContain(passphrase);
    const text = /<pre>([^<]+)<\/pre>/.exec(html)![1]!;
    const file = join(folder, 'typed.key');
    writeFileSync(file, text);
    const other = workstation();
    await other.ask({ kind: 'import', passphrase, fingerprint }, file);
    expect((await other.active())?.fingerprint).toBe(fingerprint);
  });

  it.each<[string, (text: string) => Buffer]>([
    ['with the line ends of Windows', (text) => Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['with a byte order mark', (text) => Buffer.from(`\ufeff${text}`)],
    ['in UTF-16, as Notepad can save it', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['in UTF-16 with the high byte first', (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['in one line, without an end', (text) => Buffer.from(text.replaceAll('\n', ''))],
    [
      'wrapped, indented and spaced',
      (text) => Buffer.from(`\n\n  ${text.replace(/.{20}/g, '$& \n\t')}  \n\n`),
    ],
  ])('comes back from paper %s', async (_how, typed) => {
    const { ask, keyring, folder } = workstation();
    const { fingerprint } = await keyring.keys();
    const page = join(folder, 'sheet.html');
    await ask({ kind: 'recovery', fingerprint, passphrase }, page);
    const text = /<pre>([^<]+)<\/pre>/.exec(readFileSync(page, 'utf8'))![1]!;
    const file = join(folder, 'typed.txt');
    writeFileSync(file, typed(text));
    const other = workstation();
    expect((await other.ask({ kind: 'inspect', passphrase }, file)).key.fingerprint).toBe(fingerprint);
    // One letter that was misread is found out.
    const at = text.length >> 1;
    const wrong = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    writeFileSync(file, typed(wrong));
    await expect(other.ask({ kind: 'inspect', passphrase }, file)).rejects.toMatchObject({
      code: 'key-file-altered',
    });
  });

  it('can be taken in as the page that it is', async () => {
    const { ask, keyring, folder } = workstation();
    const { fingerprint } = await keyring.keys();
    const page = join(folder, 'sheet.html');
    await ask({ kind: 'recovery', fingerprint, passphrase }, page);
    const other = workstation();
    await other.ask({ kind: 'import', passphrase, fingerprint }, page);
    expect((await other.active())?.fingerprint).toBe(fingerprint);
    writeFileSync(page, readFileSync(page, 'utf8').replace(/<pre>[^<]+<\/pre>/, ''));
    const looked = other.ask({ kind: 'inspect', passphrase }, page);
    await expect(looked).rejects.toMatchObject({ code: 'key-file-foreign' });
  });
});

describe('a passphrase', () => {
  it('is judged as it will be when it is used, and one that is drawn passes', async () => {
    const { ask, keyring, folder } = workstation();
    const { fingerprint } = await keyring.keys();
    const weak = await ask({ kind: 'judge', passphrase: 'password1' });
    expect(weak.score).toBeLessThan(weak.expected);
    const { passphrase: drawn } = await ask({ kind: 'suggest' });
    const { passphrase: again } = await ask({ kind: 'suggest' });
    expect(drawn.split(' ')).toHaveLength(6);
    expect(again).not.toBe(drawn);
    const strong = await ask({ kind: 'judge', passphrase: drawn });
    expect(strong.score).toBeGreaterThanOrEqual(strong.expected);
    const to = { kind: 'passphrase', passphrase: drawn } as const;
    await ask({ kind: 'export', fingerprint, to }, join(folder, 'drawn.key'));
  });
});

describe('a vault behind a passphrase', () => {
  it('is locked at the next start without the keychain, and opens with the passphrase', async () => {
    const first = workstation();
    const { fingerprint } = await first.keyring.keys();
    await first.ask({ kind: 'protect', passphrase, system: false });
    const access = new VaultAccess({ folder: first.folder, systemKey: null });
    const keyring = new Keyring(half, access);
    await expect(keyring.keys()).rejects.toMatchObject({ code: 'key-locked' });
    await (await access.open()).unlock(passphrase);
    expect((await keyring.keys()).fingerprint).toBe(fingerprint);
  });
});
