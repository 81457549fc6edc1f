import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zipSync } from 'fflate';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Location, ReaderCommand, ReaderEvent, Scanned, Source } from '../../../contract/ipc/reader.ts';
import { launchNode } from '../../../main/host/node-port.ts';
import { ReaderHost } from '../../../main/host/reader-host.ts';
import { type ReaderLimits, readerLimits } from '../../../main/host/reader-limits.ts';
import { residentBytes } from '../../../main/host/resident-memory.ts';
import { film, hostileFilm } from './hostile-film.ts';

/** The real reader process, with decoders that misbehave when a film says so. */
const root = mkdtempSync(join(tmpdir(), 'cipherfilm-reader-'));
const hosts: ReaderHost[] = [];
afterEach(async () => {
  misdeeds = 0;
  await Promise.all(hosts.splice(0).map((host) => host[Symbol.asyncDispose]()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Far above what these films take (ms), far below what a test waits. */
const stepMs = { read: 5_000, inspect: 1_500, decode: 1_500 };
let misdeeds = 0;
const openReader = (limits: Partial<ReaderLimits> = {}): ReaderHost => {
  const host = new ReaderHost({
    launch: (program) => {
      const port = launchNode<ReaderCommand, ReaderEvent>(program);
      port.onLine(() => (misdeeds += 1));
      return port;
    },
    entry: join(import.meta.dirname, 'hostile-entry.ts'),
    residentBytes,
    limits: { ...readerLimits, stepMs, ...limits },
  });
  hosts.push(host);
  return host;
};

/** Resolves when a decoder has begun to misbehave, since this was last asked. */
const misdeed = async () => {
  await expect.poll(() => misdeeds, { timeout: 30_000 }).toBeGreaterThan(0);
  misdeeds = 0;
};

let files = 0;
const put = (bytes: Uint8Array, name = `${++files}.dcm`): Location & { kind: 'file' } => {
  const path = join(root, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, bytes);
  return { kind: 'file', path, inside: [] };
};
const input = (host: ReaderHost, location: Location, signal?: AbortSignal) =>
  host.request({ kind: 'input', location }, signal).then(
    ({ facts }) => `${facts.columns} × ${facts.rows}`,
    ({ code }) => code as string,
  );
const scanned = async (host: ReaderHost, ...sources: Source[]): Promise<Scanned[]> => {
  const all: Scanned[] = [];
  await host.scan(sources, (found) => all.push(...found));
  return all;
};
const words = (all: readonly Scanned[]) =>
  all.map((one) => (one.kind === 'taken' ? one.name : `${one.name}: ${one.error.code}`));

describe('a file that ends the reader', () => {
  it('costs itself alone when it hangs; what waited is read in a new process', async () => {
    const host = openReader();
    const hanging = put(hostileFilm('hang', 'decode'));
    const answers = [hanging, put(film()), put(film())].map((location) => input(host, location));
    const first = host.pid;
    expect(await Promise.all(answers)).toEqual(['file-too-slow', '8 × 8', '8 × 8']);
    expect(host.pid).not.toBe(first);
  });

  it('is refused at once afterwards, until somebody asks for it again', async () => {
    const host = openReader();
    const hanging = put(hostileFilm('hang', 'decode'));
    expect(await input(host, hanging)).toBe('file-too-slow');
    const { pid } = host;
    const startedAt = performance.now();
    expect(await input(host, hanging)).toBe('file-too-slow');
    expect(performance.now() - startedAt).toBeLessThan(stepMs.decode / 2);
    expect(host.pid).toBe(pid);
    // The same place, another film in it.
    writeFileSync(hanging.path, film());
    host.pardon(hanging);
    expect(await input(host, hanging)).toBe('8 × 8');
  });

  it('costs itself alone when it fills memory, twice, in two processes', async () => {
    const host = openReader({
      // An idle reader has about 100 MB.
      residentBytes: 600e6,
      lookEveryMs: 50,
      stepMs: { ...stepMs, decode: 30_000 },
    });
    const answers = [put(hostileFilm('hoard', 'decode')), put(film())].map((one) => input(host, one));
    expect(await Promise.all(answers)).toEqual(['file-too-costly', '8 × 8']);
  });

  it('costs itself alone when it fills V8’s heap, which ends the process by itself', async () => {
    const host = openReader({ heapMiB: 96, stepMs: { ...stepMs, decode: 60_000 } });
    const answers = [put(hostileFilm('heap', 'decode')), put(film())].map((one) => input(host, one));
    expect(await Promise.all(answers)).toEqual(['reader-crashed', '8 × 8']);
  });

  it('costs itself alone when it kills the process', async () => {
    const host = openReader();
    const answers = [put(film()), put(hostileFilm('die', 'decode')), put(film())].map((one) =>
      input(host, one),
    );
    expect(await Promise.all(answers)).toEqual(['8 × 8', 'reader-crashed', '8 × 8']);
  });
});

describe('a reader that is killed from outside', () => {
  /** Kills the reader once it has the hanging film in hand. */
  const killed = async (host: ReaderHost) => {
    await misdeed();
    process.kill(host.pid!, 'SIGKILL');
  };

  it('in the middle of a decode tries that file once more, and refuses it the second time', async () => {
    const host = openReader({ stepMs: { ...stepMs, decode: 60_000 } });
    const answers = [put(hostileFilm('hang', 'decode')), put(film())].map((one) => input(host, one));
    await killed(host);
    await killed(host);
    expect(await Promise.all(answers)).toEqual(['reader-crashed', '8 × 8']);
  });

  it('may have been started before it was needed; it is the same reader then', async () => {
    const host = openReader();
    expect(host.pid).toBeUndefined();
    host.start();
    const first = host.pid;
    host.start();
    expect(await input(host, put(film()))).toBe('8 × 8');
    expect([first, host.pid]).toEqual([expect.any(Number), first]);
    await host[Symbol.asyncDispose]();
    host.start();
    expect(host.pid).toBeUndefined();
  });

  it('with nothing in hand is not missed', async () => {
    const host = openReader();
    const location = put(film());
    await input(host, location);
    process.kill(host.pid!, 'SIGKILL');
    await expect.poll(() => host.pid).toBeUndefined();
    expect(await input(host, location)).toBe('8 × 8');
  });

  it('has the bytes again that were dropped without a path', async () => {
    const host = openReader();
    await scanned(host, { kind: 'bytes', id: 'mail', name: 'mail.dcm', bytes: film() });
    const location: Location = { kind: 'memory', id: 'mail', inside: [] };
    expect(await input(host, location)).toBe('8 × 8');
    process.kill(host.pid!, 'SIGKILL');
    await expect.poll(() => host.pid).toBeUndefined();
    expect(await input(host, location)).toBe('8 × 8');
  });

  it('and never comes up refuses what was asked instead of starting for ever', async () => {
    const host = new ReaderHost({
      launch: (program) => launchNode({ ...program, entry: join(root, 'missing.ts') }),
      entry: 'missing',
      residentBytes,
    });
    hosts.push(host);
    await expect(host.request({ kind: 'input', location: put(film()) })).rejects.toMatchObject({
      code: 'reader-crashed',
      detail: { started: false },
    });
  });
});

describe('a scan', () => {
  it('tells the files that end the reader and goes on with the rest', async () => {
    const host = openReader();
    put(film(), 'folder/1.dcm');
    put(hostileFilm('hang', 'inspect'), 'folder/2.dcm');
    put(new Uint8Array(300), 'folder/3.txt');
    put(hostileFilm('die', 'inspect'), 'folder/4.dcm');
    put(film(), 'folder/5.dcm');
    expect(words(await scanned(host, { kind: 'path', path: join(root, 'folder') }))).toEqual([
      'folder/1.dcm',
      'folder/2.dcm: file-too-slow',
      'folder/3.txt: dicom-not-dicom',
      'folder/4.dcm: reader-crashed',
      'folder/5.dcm',
    ]);
  });

  it('does so inside an archive too, and still knows a duplicate from before', async () => {
    const twice = film();
    const zip = zipSync({
      'a.dcm': twice,
      'b.dcm': hostileFilm('hang', 'inspect'),
      'c.zip': zipSync({ 'd.dcm': film(), 'e.dcm': hostileFilm('hang', 'inspect'), 'f.dcm': twice }),
    });
    const host = openReader();
    expect(words(await scanned(host, { kind: 'bytes', id: 'zip', name: 'cd', bytes: zip }))).toEqual([
      'cd/a.dcm',
      'cd/b.dcm: file-too-slow',
      'cd/c.zip/d.dcm',
      'cd/c.zip/e.dcm: file-too-slow',
      'cd/c.zip/f.dcm: dicom-duplicate',
    ]);
  });
});

describe('a scan of what is never answered', () => {
  const limits = { stepMs: { ...stepMs, read: 700 } };

  it('tells the folder that hangs and goes on with the rest', async () => {
    const host = openReader(limits);
    put(film(), 'shares/1.dcm');
    put(film(), 'shares/gone-share/2.dcm');
    put(film(), 'shares/z.dcm');
    expect(words(await scanned(host, { kind: 'path', path: join(root, 'shares') }))).toEqual([
      'shares/1.dcm',
      'shares/gone-share: file-too-slow',
      'shares/z.dcm',
    ]);
  });

  it('tells what was dropped, when that itself hangs', async () => {
    const host = openReader(limits);
    const path = join(root, 'gone-share');
    const other = put(film(), 'beside.dcm');
    const all = await scanned(host, { kind: 'path', path }, { kind: 'path', path: other.path });
    expect(words(all)).toEqual(['gone-share: file-too-slow', 'beside.dcm']);
  });

  it('fails with the same code when the reader takes nothing in hand', async () => {
    const entry = join(root, 'silent.mjs');
    writeFileSync(entry, 'setInterval(() => {}, 1000); process.on("disconnect", () => process.exit());');
    const launched: number[] = [];
    const host = new ReaderHost({
      launch: (program) => {
        const port = launchNode<ReaderCommand, ReaderEvent>({ ...program, entry });
        launched.push(port.pid!);
        return port;
      },
      entry: 'silent',
      residentBytes,
      limits: { ...readerLimits, silentMs: 400 },
    });
    hosts.push(host);
    const scan = scanned(host, { kind: 'bytes', id: 'mail', name: 'mail.dcm', bytes: film() });
    await expect(scan).rejects.toMatchObject({ code: 'file-too-slow' });
    expect(launched).toHaveLength(1);
    expect(host.keptBytes).toBe(0);
    // A file is asked of two more processes before no reader is believed to come up.
    await expect(host.request({ kind: 'input', location: put(film()) })).rejects.toMatchObject({
      code: 'reader-crashed',
      detail: { started: false },
    });
  });

  it('lets a reader alone that is asked nothing', async () => {
    const host = openReader({ silentMs: 2_500 });
    const location = put(film());
    expect(await input(host, location)).toBe('8 × 8');
    const { pid } = host;
    await sleep(3_000);
    expect(host.pid).toBe(pid);
    expect(await input(host, location)).toBe('8 × 8');
    expect(host.pid).toBe(pid);
  });
});

describe('bytes that were dropped without a path', () => {
  const dropped = (id: string, bytes: Uint8Array): Source => ({
    kind: 'bytes',
    id,
    name: `${id}.dcm`,
    bytes,
  });
  const memory = (id: string): Location => ({ kind: 'memory', id, inside: [] });

  it('are released when the scan has taken nothing of them', async () => {
    const host = openReader();
    const image = film();
    await scanned(host, dropped('film', image), dropped('text', new Uint8Array(5_000)));
    expect(host.keptBytes).toBe(image.length);
    expect(await input(host, memory('film'))).toBe('8 × 8');
  });

  it('are released here and in the reader when nobody will name them again', async () => {
    const host = openReader();
    const kept = film();
    await scanned(host, dropped('kept', kept), dropped('removed', film()));
    host.keepOnly(new Set(['kept']));
    expect(host.keptBytes).toBe(kept.length);
    expect([await input(host, memory('kept')), await input(host, memory('removed'))]).toEqual([
      '8 × 8',
      'file-unreadable',
    ]);
  });

  it('stay until what is being done with them is done', async () => {
    const host = openReader();
    await scanned(host, dropped('film', film()));
    const answer = input(host, memory('film'));
    host.keepOnly(new Set());
    expect(host.keptBytes).toBeGreaterThan(0);
    expect(await answer).toBe('8 × 8');
    await expect.poll(() => host.keptBytes).toBe(0);
  });

  it('go with a cancelled scan and with the host', async () => {
    const host = openReader();
    const abort = new AbortController();
    const scan = host.scan([dropped('film', hostileFilm('hang', 'inspect'))], () => {}, abort.signal);
    abort.abort();
    await expect(scan).rejects.toMatchObject({ code: 'cancelled' });
    expect(host.keptBytes).toBe(0);
    await scanned(host, dropped('other', film()));
    await host[Symbol.asyncDispose]();
    expect(host.keptBytes).toBe(0);
  });
});

describe('a cancellation', () => {
  it('answers at once while the reader hangs, and the next file does not wait for the limit', async () => {
    const host = openReader({ stepMs: { ...stepMs, decode: 60_000 }, cancelledMs: 300 });
    const abort = new AbortController();
    const hanging = put(hostileFilm('hang', 'decode'));
    const answer = input(host, hanging, abort.signal);
    const other = input(host, put(film()));
    await misdeed();
    const abortedAt = performance.now();
    abort.abort();
    expect(await answer).toBe('cancelled');
    expect(performance.now() - abortedAt).toBeLessThan(50);
    expect(await other).toBe('8 × 8');
  });

  it('of one that waits costs nobody else anything', async () => {
    const host = openReader();
    const abort = new AbortController();
    const [first, second] = [input(host, put(film())), input(host, put(film()), abort.signal)];
    const { pid } = host;
    abort.abort();
    expect([await second, await first]).toEqual(['cancelled', '8 × 8']);
    expect(host.pid).toBe(pid);
  });
});
