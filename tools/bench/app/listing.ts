import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { openPaths, type Window } from '../../../test/e2e/window.ts';
import { emptyList, stalls } from './desk.ts';
import { type FilmSize, lateral, plate } from './films.ts';

/** How long a folder of mixed files took until its report was there, and the longest time in which nothing else went on. */
export type Listed = {
  readonly files: number;
  readonly images: number;
  readonly bytes: number;
  readonly listedMs: number;
  readonly longestStallMs: { readonly main: number; readonly page: number };
};

const small = { rows: 512, columns: 512, bits: 12 } as const;
const middling = { rows: 1024, columns: 1024, bits: 12 } as const;

/** Writes 500 files: small, middling and large films, compressed ones, 50 of them in an archive, and 60 of other kinds. */
function writeFiles(folder: string): { files: number; bytes: number } {
  let bytes = 0;
  let files = 0;
  const put = (name: string, content: Uint8Array, count = 1) => {
    writeFileSync(join(folder, name), content);
    bytes += content.length;
    files += count;
  };
  mkdirSync(join(folder, 'deeper'), { recursive: true });
  let study = 0;
  const film = (size: FilmSize, isCompressed = false) => {
    study += 1;
    return lateral(study, size, isCompressed);
  };
  for (let at = 0; at < 240; at += 1) put(`small-${at}.dcm`, film(small));
  for (let at = 0; at < 100; at += 1) put(`deeper/middling-${at}`, film(middling));
  for (let at = 0; at < 20; at += 1) put(`deeper/plate-${at}.dcm`, film(plate));
  for (let at = 0; at < 30; at += 1) put(`compressed-${at}.dcm`, film(small, true));
  const inside = Array.from({ length: 50 }, (_, at) => [`${at}.dcm`, film(small)] as const);
  put('archive.zip', zipSync(Object.fromEntries(inside), { level: 1 }), 50);
  for (let at = 0; at < 60; at += 1) put(`notes-${at}.txt`, Buffer.from(`note ${at} `.repeat(500)));
  return { files, bytes };
}

/** Drops the folder on an empty list and waits for the report. */
export async function measureListing(window: Window, folder: string): Promise<Listed> {
  const { page } = window;
  const { files, bytes } = writeFiles(folder);
  await emptyList(page);
  await page.evaluate('window.benchSeen.finishedAt = 0');
  const stop = await stalls(window);
  const started = Date.now();
  await openPaths(window, [folder]);
  const finished = (await page.evaluate(`(async () => {
    while (window.benchSeen.finishedAt === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    return performance.timeOrigin + window.benchSeen.finishedAt;
  })()`)) as number;
  const longestStallMs = await stop();
  const images = (await page.evaluate(
    `window.cipherfilm.worklist({}).then(({ value }) => value.rows.length)`,
  )) as number;
  return { files, images, bytes, listedMs: finished - started, longestStallMs };
}
