import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDataset } from '../../../dicom/dataset/parse.ts';
import { toFilm } from '../../../dicom/film.ts';
import { findSamples } from '../../samples.ts';
import { titled } from '../../titled.ts';
import { writeObject } from './objects.ts';
import { run, whyNoToolkit } from './programs.ts';
import { type Receiving, receiving } from './receiving.ts';

const titles = ['-aec', 'CIPHERFILM', '-aet', 'MODALITY'];
const to = ({ scp }: Receiving): string[] => ['127.0.0.1', String(scp.port)];

describe.skipIf(whyNoToolkit !== null)(titled('what DCMTK sends', whyNoToolkit), () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cipherfilm-sent-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is answered when it asks whether somebody is there', async () => {
    await using here = await receiving();
    expect(await run('echoscu', ...titles, ...to(here))).toEqual({ code: 0, said: '' });
  });

  it('lies in the spool as a file with the same data set, with its study told', async () => {
    await using here = await receiving();
    const names = { study: '1.2.3', sopInstance: '1.2.3.4' };
    const path = await writeObject(folder, names, 200_000);
    expect((await run('storescu', ...titles, ...to(here), path)).code).toBe(0);
    expect(here.stored).toEqual([
      { path: expect.stringContaining(here.folder), bytes: expect.any(Number), ...names },
    ]);
    const [sent, kept] = await Promise.all([path, here.stored[0]!.path].map((file) => readFile(file)));
    expect(kept!.length).toBe(here.stored[0]!.bytes);
    const { dataset, syntax } = parseDataset(kept!);
    expect([dataset.text('x00080018'), syntax.uid]).toEqual(['1.2.3.4', '1.2.840.10008.1.2.1']);
    // The pixels are at the end of both: 200,000 of two bytes.
    expect(kept!.subarray(-400_000).equals(sent!.subarray(-400_000))).toBe(true);
    expect(here.trouble).toEqual([]);
  });

  it('is there once when it is sent twice', async () => {
    await using here = await receiving();
    const path = await writeObject(folder, { study: '1.2.3', sopInstance: '1.2.3.5' });
    for (let time = 0; time < 2; time += 1)
      expect((await run('storescu', ...titles, ...to(here), path)).code).toBe(0);
    expect(await readdir(here.folder)).toHaveLength(1);
    expect(here.spool.usedBytes).toBe(here.stored[0]!.bytes);
  });

  it('is refused for a title that may not call, and for another called title', async () => {
    await using here = await receiving();
    const stranger = await run('echoscu', '-aec', 'CIPHERFILM', '-aet', 'STRANGER', ...to(here));
    expect(stranger.code).not.toBe(0);
    expect(stranger.said).toContain('Calling AE Title Not Recognized');
    const other = await run('echoscu', '-aec', 'OTHER', '-aet', 'MODALITY', ...to(here));
    expect(other.said).toContain('Called AE Title Not Recognized');
    expect(here.trouble.map(({ detail }) => detail)).toEqual([
      { reason: 'association', got: [1, 1, 3] },
      { reason: 'association', got: [1, 1, 7] },
    ]);
  });

  it('is refused for a kind of object that is not taken here, before the object is sent', async () => {
    await using here = await receiving();
    const ct = { study: '1.2.3', sopInstance: '1.2.3.6', sopClass: '1.2.840.10008.5.1.4.1.1.2' };
    const { code, said } = await run('storescu', ...titles, ...to(here), await writeObject(folder, ct));
    expect([code, here.stored]).toEqual([expect.any(Number), []]);
    expect(code).not.toBe(0);
    expect(said).toContain('No presentation context');
  });

  it('is told A700 when there is no more room, and nothing is left of it', async () => {
    await using here = await receiving({}, { mostBytes: 100_000, leastFreeBytes: 0 });
    const path = await writeObject(folder, { study: '1.2.3', sopInstance: '1.2.3.7' }, 200_000);
    const { code, said } = await run('storescu', '-v', ...titles, ...to(here), path);
    expect(code).not.toBe(0);
    expect(said).toMatch(/Refused: OutOfResources/);
    expect(await readdir(here.folder)).toEqual([]);
    expect(here.spool.usedBytes).toBe(0);
    expect(here.trouble.map((error) => error.code)).toEqual(['spool-full']);
  });

  it('comes by TLS, from who has a certificate where one is asked for', async () => {
    const [certificate, key] = ['crt', 'key'].map((end) =>
      join(import.meta.dirname, '..', '..', 'fixtures', 'tls', `self-signed.${end}`),
    ) as [string, string];
    const pem = { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
    await using here = await receiving({ tls: { ...pem, authorities: pem.certificate } });
    const trusting = [...titles, '--add-cert-file', certificate, 'localhost', String(here.scp.port)];
    const path = await writeObject(folder, { study: '1.2.3', sopInstance: '1.2.3.8' });
    const sent = await run('storescu', '+tls', key, certificate, ...trusting, path);
    expect(sent, sent.said).toEqual({ code: 0, said: '' });
    expect(here.stored).toHaveLength(1);
    expect((await run('storescu', '+tla', ...trusting, path)).code).not.toBe(0);
    expect((await run('echoscu', ...titles, ...to(here))).code).not.toBe(0);
    expect(here.stored).toHaveLength(1);
  });

  it('comes by 20 associations at once, and none is lost', async () => {
    await using here = await receiving();
    const paths = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        writeObject(folder, { study: `1.2.${index}`, sopInstance: `1.2.${index}.1` }, 500_000),
      ),
    );
    const sent = await Promise.all(paths.map((path) => run('storescu', ...titles, ...to(here), path)));
    expect(sent.map(({ code }) => code)).toEqual(paths.map(() => 0));
    expect(new Set(here.stored.map(({ study }) => study)).size).toBe(20);
    expect(await readdir(here.folder)).toHaveLength(20);
    expect(here.trouble).toEqual([]);
  });
});

const samples = findSamples('dicom');
const whyNoFiles = whyNoToolkit ?? samples.reason;
describe.skipIf(whyNoFiles !== null)(titled('a study that dcmsend sends', whyNoFiles), () => {
  it('arrives in every transfer syntax as it is, and shows the same film', async () => {
    await using here = await receiving();
    const folder = join(samples.folder!, 'transfer-syntaxes');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.dcm'));
    const sources = names.map((name) => join(folder, name));
    // Each syntax is proposed and kept, never converted.
    const call = [...titles, '--no-uid-checks', '--decompress-never', '--no-halt', ...to(here), ...sources];
    const { said } = await run('dcmsend', ...call);
    const films = async (paths: readonly string[]) => {
      const found = new Map<string, string>();
      for (const path of paths) {
        const bytes = await readFile(path);
        const { syntax } = parseDataset(bytes);
        const { codes } = await toFilm(bytes);
        found.set(syntax.uid, createHash('sha256').update(new Uint8Array(codes.buffer)).digest('hex'));
      }
      return found;
    };
    const [sent, arrived] = [await films(sources), await films(here.stored.map(({ path }) => path))];
    // DCMTK exchanges uncompressed syntaxes for one another; a code stream is kept as it is.
    const compressed = [...sent.keys()].filter(
      (syntax) => syntax.startsWith('1.2.840.10008.1.2.4') || syntax.endsWith('.5'),
    );
    expect(compressed.length).toBeGreaterThan(7);
    for (const syntax of compressed)
      expect([syntax, arrived.get(syntax)], said).toEqual([syntax, sent.get(syntax)]);
    const known = new Set(sent.values());
    expect([...arrived.values()].filter((digest) => !known.has(digest))).toEqual([]);
    expect(here.stored).toHaveLength(sources.length);
  });
});
