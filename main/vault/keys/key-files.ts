import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CxrError } from '../../../contract/errors.ts';
import { mostCustodians } from '../../../contract/ipc/custodians.ts';
import type { ChosenPath, ImportFacts } from '../../../contract/ipc/vault.ts';
import { writePrivate } from '../../files/write-private.ts';
import {
  addressOf,
  type Export,
  generateIdentity,
  mostExportBytes,
  readExport,
  type Sender,
  writeExport,
} from '../exports/export-file.ts';
import { fromSheetText } from '../exports/sheet-text.ts';
import { fingerprintWords } from '../fingerprint.ts';
import { summarise } from '../summary.ts';
import type { Vault } from '../vault.ts';
import { activeKey, factsOf, keyNamed, withActiveKey } from './key-records.ts';
import { isVaultFile, openVaultFile } from './vault-export.ts';

/** Writes a key to a file that another workstation can import. @returns the size of the file, bytes. */
export async function exportKey(
  vault: Vault,
  fingerprint: string,
  to: Sender,
  path: string,
): Promise<number> {
  const text = await exportText(vault, fingerprint, to);
  save(path, text);
  return Buffer.byteLength(text, 'utf8');
}

/**
 * Makes the text of an export.
 *
 * @throws CxrError `key-unknown`, `key-locked`, and as `writeExport`.
 */
export async function exportText(vault: Vault, fingerprint: string, to: Sender): Promise<string> {
  const record = keyNamed(vault.body, fingerprint);
  const seed = vault.seed(fingerprint);
  try {
    return await writeExport(seed, factsOf(record), to);
  } finally {
    seed.fill(0);
  }
}

/** Writes a file that only this user can read. @throws CxrError `key-unsaved`. */
export function save(path: string, text: string): void {
  try {
    writePrivate(path, text);
  } catch (cause) {
    throw new CxrError(
      'key-unsaved',
      { reason: (cause as NodeJS.ErrnoException).code ?? 'write' },
      { cause },
    );
  }
}

/** The files that a person chose: one, or several shares of one key. */
export type KeyFiles = Exclude<ChosenPath, null>;

/** Says whose key a file holds, and what taking it in would do. Nothing is changed. @throws CxrError as `openFiles`. */
export async function inspectKey(
  vault: Vault,
  files: KeyFiles,
  passphrase: string | null,
  parameters: string,
): Promise<ImportFacts> {
  const { about, sealing } = await openFiles(vault, files, { passphrase, parameters }, () => {});
  const { fingerprint, label, generation, created, decryptions } = about;
  const active = activeKey(vault.body, about.parameters);
  const known = vault.body.keys.find((key) => key.fingerprint === fingerprint);
  return {
    key: { fingerprint, words: fingerprintWords(fingerprint), label, generation, created, decryptions },
    parametersMatch: about.parameters === parameters,
    replaces: active === undefined || active.fingerprint === fingerprint ? null : summarise(active),
    isKnown: known !== undefined,
    counted: known?.decryptions ?? null,
    sealing,
  };
}

/**
 * Takes a key in and puts it in the place of the one in use, which is kept as a retired one. The decryptions of both
 * workstations count together.
 *
 * @param fingerprint  the key that a person saw in `inspectKey` and agreed to.
 * @throws CxrError    `key-mismatch` for a file with another key, `key-file-parameters` for a key of another model's
 *                     parameters, and as `openFiles` and `Vault.update`. The vault is as it was then.
 */
export async function importKey(
  vault: Vault,
  files: KeyFiles,
  passphrase: string | null,
  { fingerprint, parameters }: { readonly fingerprint: string; readonly parameters: string },
): Promise<void> {
  await openFiles(vault, files, { passphrase, parameters }, (seed, about) => {
    if (about.fingerprint !== fingerprint) throw new CxrError('key-mismatch');
    if (about.parameters !== parameters) throw new CxrError('key-file-parameters');
    const { label, created, decryptions, generation } = about;
    vault.update((body) => {
      // Also of a key that was destroyed here: what it decrypted counts, whoever brings it back.
      const known = [...body.keys, ...body.destroyed].filter((key) => key.fingerprint === fingerprint);
      const counted = Math.max(decryptions, ...known.map((key) => key.decryptions));
      const origin = 'imported';
      const incoming = { parameters, label, created, generation, decryptions: counted, origin } as const;
      return withActiveKey(body, Buffer.from(seed), incoming);
    });
  });
}

/** Returns the address to which others send keys. An identity is made at the first call, and kept in the vault. */
export async function addressIn(vault: Vault): Promise<string> {
  if (vault.body.identity === null) {
    const identity = await generateIdentity();
    vault.update((body) => (body.identity === null ? { ...body, identity } : body));
  }
  return addressOf(vault.body.identity!);
}

/** What is needed to open a file, and the parameter set for which a key is wanted. */
type Wanted = { readonly passphrase: string | null; readonly parameters: string };
type Opened = Pick<Export, 'about' | 'sealing'>;

/**
 * Opens an export, or a vault that was set aside, and hands the seed to `take`; it is erased afterwards.
 *
 * @throws CxrError `file-unreadable`, and as `readExport`, `Export.open` and `openVaultFile`; what `take` throws.
 */
async function openFiles(
  vault: Vault,
  files: KeyFiles,
  { passphrase, parameters }: Wanted,
  take: (seed: Buffer, about: Export['about']) => void,
): Promise<Opened> {
  const [first, ...others] = typeof files === 'string' ? [files] : files;
  if (first === undefined || others.length >= mostCustodians)
    throw new CxrError('key-share-foreign', { reason: 'another set' });
  const bytes = readBounded(first);
  const { seed, ...opened } = isVaultFile(bytes)
    ? {
        ...(await openVaultFile(bytes, passphrase, parameters, (file) => vault.openOther(file))),
        sealing: 'passphrase' as const,
      }
    : await openExport(vault, [bytes, ...others.map(readBounded)], passphrase);
  try {
    take(seed, opened.about);
  } finally {
    seed.fill(0);
  }
  return opened;
}

async function openExport(
  vault: Vault,
  files: readonly Uint8Array[],
  passphrase: string | null,
): Promise<Opened & { readonly seed: Buffer }> {
  const [first, ...others] = files.map(exportIn) as [Uint8Array, ...Uint8Array[]];
  const { about, sealing, open } = readExport(first, ...others);
  return { about, sealing, seed: await open({ passphrase, identity: vault.body.identity }) };
}

/** The export in a file, which may be a recovery sheet: saved as the page that it is, or the text that stands on it. */
function exportIn(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const onSheet = text.startsWith('<!doctype html>') ? /<pre>([^<]+)<\/pre>/.exec(text)?.[1] : undefined;
  const found = onSheet === undefined ? bytes : Buffer.from(onSheet, 'latin1');
  return fromSheetText(found) ?? found;
}

/** Reads a regular file of at most the size of an export. */
function readBounded(path: string): Uint8Array {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new CxrError(
      'file-unreadable',
      { reason: (cause as NodeJS.ErrnoException).code ?? 'read' },
      { cause },
    );
  }
  try {
    const facts = fstatSync(file);
    if (!facts.isFile()) throw new CxrError('file-unreadable', { reason: 'not a regular file' });
    if (facts.size > mostExportBytes) throw new CxrError('key-file-foreign', { got: facts.size });
    // One byte more, so that a file that grows meanwhile does not pass for a whole one.
    const bytes = Buffer.alloc(facts.size + 1);
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}
