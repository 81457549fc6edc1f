import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { TraceFinder } from './find-traces.ts';

/** Why the memory of other processes cannot be read here; null where it can. */
export const noMemory = memoryFault();

function memoryFault(): string | null {
  if (process.platform !== 'linux') return 'the memory of other processes is read on Linux only';
  // Many systems let an account read the processes that it has started itself, and no others.
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
  try {
    closeSync(openSync(`/proc/${child.pid}/mem`, 'r'));
    return null;
  } catch {
    return 'this account may not read the memory of other processes';
  } finally {
    child.kill('SIGKILL');
  }
}

/** Most bytes that are read at once. Chunks overlap by more than any trace is long. */
const chunkBytes = 16 * 1024 * 1024;
const overlapBytes = 8_192;

/** What was found in the memory of a process, and how many bytes of it were read. */
export type MemoryTraces = { readonly found: ReadonlySet<string>; readonly bytes: number };

/**
 * Looks through what a process has in RAM: anonymous memory, shared memory and files that were deleted or changed. Not
 * looked at are devices, and files that it only reads, such as its program, which are as they are on the disk.
 */
export function tracesInMemory(pid: number, finder: TraceFinder): MemoryTraces {
  const found = new Set<string>();
  let bytes = 0;
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const chunk = new Uint8Array(chunkBytes);
  try {
    for (const [start, end] of residentRanges(pid))
      for (let at = start; at < end; at += chunkBytes - overlapBytes) {
        const read = readAt(memory, chunk, at, Math.min(chunkBytes, end - at));
        bytes += read;
        for (const part of filled(chunk.subarray(0, read)))
          for (const name of finder.inMemory(part)) found.add(name);
        if (at + chunkBytes >= end) break;
      }
  } finally {
    closeSync(memory);
  }
  return { found, bytes };
}

const pageBytes = 4_096;
const emptyPage = new Uint8Array(pageBytes);

/** The parts of a chunk between pages of zeros. Much of what a process has was never written to. */
function* filled(chunk: Uint8Array): Generator<Uint8Array> {
  let start: number | null = null;
  for (let at = 0; at < chunk.length; at += pageBytes) {
    const isEmpty =
      chunk.length - at >= pageBytes && Buffer.compare(chunk.subarray(at, at + pageBytes), emptyPage) === 0;
    if (isEmpty && start !== null) yield chunk.subarray(start, at);
    if (isEmpty) start = null;
    else start ??= at;
  }
  if (start !== null) yield chunk.subarray(start);
}

/** A range that was given back meanwhile has nothing to read. */
function readAt(file: number, chunk: Uint8Array, at: number, length: number): number {
  try {
    return readSync(file, chunk, 0, length, at);
  } catch {
    return 0;
  }
}

/** The ranges of addresses that can be read and of which something is in RAM, from the system's table of mappings. */
function residentRanges(pid: number): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  let range: [number, number] | null = null;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const header = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)$/.exec(line);
    if (header !== null) {
      const [, start, end, rights, name] = header as unknown as [string, string, string, string, string];
      const isFile = /^\/(?!dev\/|memfd:|.* \(deleted\)$)/.test(name);
      const isOther = /^\[v|^\/dev\/(?!shm)/.test(name);
      const isPlain = rights.startsWith('r') && !isOther && !(isFile && rights[1] === '-');
      range = isPlain ? [Number.parseInt(start, 16), Number.parseInt(end, 16)] : null;
    } else if (range !== null && /^(Rss|Swap): +[1-9]/.test(line)) {
      ranges.push(range);
      range = null;
    }
  }
  return ranges;
}

/** A process and those that it and they have started. */
export function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    try {
      // The name of the program stands in brackets and may hold anything.
      const fields = readFileSync(`/proc/${name}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      parents.set(Number(name), Number(fields[1]));
    } catch {
      // It has ended meanwhile.
    }
  const family = [pid];
  for (const member of family)
    family.push(...[...parents].filter(([, parent]) => parent === member).map(([child]) => child));
  return family;
}

/** Arguments and variables of a process, as every program of the account can read them. */
export const openTo = (pid: number): Buffer =>
  Buffer.concat([readFileSync(`/proc/${pid}/cmdline`), readFileSync(`/proc/${pid}/environ`)]);

/** Looks through folders. A file that has not changed since the last time is not read again. */
export class FolderSearch {
  readonly #finder: TraceFinder;
  readonly #phrases: readonly string[];
  readonly #known = new Map<string, readonly string[]>();

  /** @param phrases  texts that no file may hold either. */
  constructor(finder: TraceFinder, phrases: readonly string[]) {
    this.#finder = finder;
    this.#phrases = phrases;
  }

  /** The number of files that were read so far. */
  get files(): number {
    return this.#known.size;
  }

  /** Files in which something was found, below a folder; sockets and links are none. */
  tracesBelow(folder: string): [file: string, traces: readonly string[]][] {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    return paths.flatMap((path) => {
      const traces = this.#tracesIn(path);
      return traces.length === 0 ? [] : [[relative(folder, path), traces]];
    });
  }

  #tracesIn(path: string): readonly string[] {
    let content: Buffer;
    let state: string;
    try {
      const { size, mtimeMs } = statSync(path);
      state = `${path} ${size} ${mtimeMs}`;
      const known = this.#known.get(state);
      if (known !== undefined) return known;
      content = readFileSync(path);
    } catch {
      // It was removed meanwhile.
      return [];
    }
    const phrases = this.#phrases.filter((phrase) => content.includes(phrase)).map(() => 'passphrase');
    const traces = [...this.#finder.inFile(content), ...phrases];
    this.#known.set(state, traces);
    return traces;
  }
}
