import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

/** How long a lock is watched, unchanged, before it counts as left behind: what it guards takes milliseconds. */
const abandonedMs = 10_000;
const patienceMs = 15_000;
const pauseMs = 20;

/** Makes the errors of a lock: for one that stays taken, and for one that cannot be made (with the system's code). */
export type LockErrors = { readonly busy: () => Error; readonly unwritable: (code: string) => Error };

/**
 * Does `work` while no other process does. The lock is a file that names its holder's process; the thread sleeps until
 * it can make that file.
 *
 * A lock whose process has ended is taken over at once. One whose process seems to live, because its number was given to
 * another, is taken over after ten seconds. The time is measured by watching, not by the file's date, so that a clock
 * that was set does not make a lock look old.
 *
 * @throws `busy` after 15 seconds, `unwritable` where no file can be made, and what `work` throws.
 */
export function withFileLock<T>(path: string, errors: LockErrors, work: () => T): T {
  const token = `${process.pid} ${randomBytes(12).toString('hex')}`;
  const started = performance.now();
  let watched: string | null = null;
  let since = started;
  while (!makes(path, token, errors)) {
    const now = performance.now();
    const holder = readHolder(path);
    if (holder !== watched) since = now;
    watched = holder;
    // First of all: where the folder is not writable, a lock left behind cannot be taken away.
    if (now - started > patienceMs) throw errors.busy();
    if (holder !== null && (hasEnded(holder) || now - since > abandonedMs)) takeAway(path, holder);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
  try {
    return work();
  } finally {
    // Another process may have taken over the lock of one that was stopped for long.
    if (readHolder(path) === token) rmSync(path, { force: true });
  }
}

function makes(path: string, token: string, { unwritable }: LockErrors): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      writeFileSync(file, token);
      return true;
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'lock';
    // Windows answers so while a file of that name is being deleted.
    const isBeingDeleted = process.platform === 'win32' && (code === 'EPERM' || code === 'EBUSY');
    if (code === 'EEXIST' || isBeingDeleted) return false;
    throw unwritable(code);
  }
}

/** What the lock says; null when it is gone. */
function readHolder(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function hasEnded(holder: string): boolean {
  const pid = Number(/^(\d+) [0-9a-f]{24}$/.exec(holder)?.[1]);
  // Not a whole line: its process may be about to write it.
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Removes the lock of this holder. Two may try: only one of them moves it, and a lock of somebody else goes back. */
function takeAway(path: string, holder: string): void {
  const aside = `${path}.${process.pid}-${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, aside);
    if (readHolder(aside) !== holder && !existsSync(path)) linkSync(aside, path);
  } catch {
    // Gone already, or made again by a third: the next try shows.
  } finally {
    rmSync(aside, { force: true });
  }
}
