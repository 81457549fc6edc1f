import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder that only its owner may read, and those above it that are missing. It stands in for `mkdir` with
 * `recursive`, which in Node 24 never returns where the system denies that a folder can be there at all (`/proc/x`).
 *
 * @throws the system's error; `EEXIST` where a file stands in its place.
 */
export async function makeFolder(path: string): Promise<void> {
  const refusal = await refusalOf(path);
  if (refusal === null) return;
  if (refusal.code !== 'ENOENT' || dirname(path) === path) throw refusal;
  await makeFolder(dirname(path));
  const second = await refusalOf(path);
  if (second !== null) throw second;
}

/** Why the folder could not be made; null when it is there now, whoever made it. */
async function refusalOf(path: string): Promise<NodeJS.ErrnoException | null> {
  try {
    await mkdir(path, { mode: 0o700 });
    return null;
  } catch (error) {
    const isThere = await stat(path).then(
      (facts) => facts.isDirectory(),
      () => false,
    );
    return isThere ? null : (error as NodeJS.ErrnoException);
  }
}
