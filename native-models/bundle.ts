import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleDescription, bundleDescriptionSchema, parseBundleFile } from '../contract/bundle.ts';
import { CxrError } from '../contract/errors.ts';
import { type BundleId, parseBundleId } from '../contract/ids/bundle-id.ts';
import { checkParams } from '../he/params.ts';
import { sha256 } from '../he/wire/frame.ts';

export type Half = 'client' | 'server';
export type Described = { readonly id: BundleId; readonly description: BundleDescription };

/** Names of the folders below `root` that hold a half; none when the root is missing. */
export async function listBundles(root: string, half: Half = 'server'): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const files: string[] = await readdir(join(root, entry.name, half)).catch(() => []);
    if (files.includes('bundle.json')) names.push(entry.name);
  }
  return names.sort();
}

async function readBundleFile(folder: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, file));
  } catch {
    throw new CxrError('bundle-missing', { file });
  }
}

/** Reads `bundle.json` of one half; its digest is the bundle's id. Checks the parameters' security. */
export async function readDescription(folder: string, half: Half = 'server'): Promise<Described> {
  const bytes = await readBundleFile(folder, `${half}/bundle.json`);
  const description = parseBundleFile(
    bundleDescriptionSchema,
    Buffer.from(bytes).toString('utf8'),
    `${half}/bundle.json`,
  );
  checkParams(description.ckks);
  return { id: parseBundleId(sha256(bytes)), description };
}

/** Reads files of one half and compares each with its digest. @throws CxrError `bundle-digest`, `bundle-missing`. */
export async function readVerified(
  folder: string,
  description: BundleDescription,
  files: readonly string[],
): Promise<Uint8Array[]> {
  return Promise.all(
    files.map(async (file) => {
      const bytes = await readBundleFile(folder, file);
      if (sha256(bytes) !== description.files[file]) throw new CxrError('bundle-digest', { file });
      return bytes;
    }),
  );
}

/**
 * Compares every file of the evaluator's half with its digest. The shipped one takes a tenth of a second.
 *
 * @throws CxrError `bundle-digest` with the first file that was changed, `bundle-missing`.
 */
export async function verifyServerHalf(folder: string, description: BundleDescription): Promise<void> {
  const files = Object.keys(description.files).filter((file) => file.startsWith('server/'));
  await readVerified(folder, description, files);
}
