import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

/** A process that is being killed may still write one last file into a folder while it is removed. */
const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 20 } as const;

/**
 * Runs `work` with a temporary folder of its own. The folder is removed afterwards, also when this process exits in
 * between. A process that is killed removes nothing; what it left is removed here by the next one that asks for the same
 * `prefix`. The folder's name says for that whose it is.
 *
 * @param prefix  the beginning of the folder's name.
 * @returns       what `work` returns.
 */
export async function withTemporaryFolder<T>(
  prefix: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await sweep(prefix);
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-${startOf(process.pid)}-${space()}-`));
  const removeNow = () => rmSync(folder, removal);
  process.once('exit', removeNow);
  try {
    return await work(folder);
  } finally {
    process.off('exit', removeNow);
    await rm(folder, removal);
  }
}

/** Removes this user's folders of that kind whose process is gone. What cannot be removed is left to somebody else. */
async function sweep(prefix: string): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    if (!name.startsWith(prefix) || !isLeftOver(name.slice(prefix.length))) continue;
    const path = join(tmpdir(), name);
    const facts = await lstat(path).catch(() => null);
    if (facts?.isDirectory() && (process.getuid === undefined || facts.uid === process.getuid()))
      await rm(path, removal).catch(() => {});
  }
}

/** @param rest  the folder's name behind its prefix: process, its start, its space, and random letters. */
function isLeftOver(rest: string): boolean {
  const [, pid = '', start = '', where = ''] = /^(\d+)-(\d+)-(\d+)-\w{6}$/.exec(rest) ?? [];
  // The process may live in a container that shares this folder; its number means nothing here.
  if (pid === '' || where !== space()) return false;
  return !isAlive(Number(pid)) || (start !== '0' && startOf(Number(pid)) !== start);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * When a process started, in the system's own count, which tells it from a later one with the same number. It is 0 where
 * the system does not say; a process with that number then counts as the same.
 */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything. The start is field 22, the twentieth behind it (proc(5)).
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0';
  }
}

/** The number of the space in which process numbers mean something: one per container on Linux, 0 elsewhere. */
function space(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

/** The signals by which a process is asked to end. */
export const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The exit status that tells a shell which signal ended a process: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP. */
export const statusOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/**
 * Makes a signal end the process by way of `exit`, so that temporary folders are removed and child processes are killed.
 * It is for tools that have no cancellation of their own.
 */
export function exitOnSignals(): void {
  for (const signal of endingSignals) process.once(signal, () => process.exit(statusOf(signal)));
}
