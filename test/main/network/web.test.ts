import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebArchive } from '../../../contract/network/archive.ts';
import { Spool, type Stored } from '../../../main/network/receive/spool.ts';
import { lookAtObject } from '../../../main/network/send/object-file.ts';
import { findStudies } from '../../../main/network/web/find-studies.ts';
import { retrieveStudy } from '../../../main/network/web/retrieve-study.ts';
import { storeOnWeb } from '../../../main/network/web/store-web.ts';
import { fileOf, writeObject } from './objects.ts';

/** An archive that answers as a test says. */
async function archive(answer: RequestListener): Promise<WebArchive & AsyncDisposable> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  return {
    ...{
      url: `http://127.0.0.1:${port}/dicom-web/`,
      login: null,
      trust: { system: false, extra: null },
      waitMs: 400,
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const json =
  (status: number, value: unknown): RequestListener =>
  (request, response) => {
    request.resume();
    request.once('end', () =>
      response
        .writeHead(status, { 'content-type': 'application/dicom+json' })
        .end(typeof value === 'string' ? value : JSON.stringify(value)),
    );
  };
const study = (patient: string, uid: string, date: string) => ({
  '0020000D': { vr: 'UI', Value: [uid] },
  '00100020': { vr: 'LO', Value: [patient] },
  '00080020': { vr: 'DA', Value: [date] },
});

describe('asking for studies', () => {
  it('asks for the whole ID, gives the newest first, and leaves out other patients', async () => {
    let asked = '';
    const answers = [
      study('7', '1.1', '20200101'),
      study('77', '1.2', '20250101'),
      study('7', '1.3', '20210101'),
    ];
    await using here = await archive((request, response) => {
      asked = `${request.url} ${request.headers.accept}`;
      json(200, [...answers, { '00100020': { Value: ['7'] } }])(request, response);
    });
    const found = await findStudies(here, ' 7 ');
    expect(found.map((one) => [one.study, one.date])).toEqual([
      ['1.3', '2021-01-01'],
      ['1.1', '2020-01-01'],
    ]);
    expect(asked).toMatch(/^\/dicom-web\/studies\?PatientID=7&.* application\/dicom\+json$/);
  });

  it.each([
    ['no JSON', 200, '<html>', 'network-malformed'],
    ['another form', 200, { error: 'none' }, 'network-malformed'],
    ['endless strings', 200, [{ '0020000D': { Value: ['1'.repeat(5000)] } }], 'network-malformed'],
    ['too much', 200, `[${' '.repeat(33 * 1024 * 1024)}]`, 'network-too-large'],
    ['another place', 302, '', 'network-status'],
    ['a refusal', 403, '', 'network-unauthorised'],
    ['a fault', 500, '', 'network-status'],
  ])('is answered with %s, and that is refused with a code', async (_, status, value, code) => {
    await using here = await archive(json(status, value));
    await expect(findStudies(here, '7')).rejects.toMatchObject({ code });
  });

  it('waits for nobody for ever, neither for an answer nor in it', async () => {
    await using silent = await archive(() => {});
    await using halting = await archive((_, response) => response.writeHead(200).write('['));
    for (const here of [silent, halting])
      await expect(findStudies(here, '7')).rejects.toMatchObject({
        code: 'network-timeout',
        detail: { waiting: 'answer' },
      });
  });

  it('tells a login to nobody without https, and no address with a login in it', async () => {
    const token = { kind: 'token', token: 'abc' } as const;
    for (const url of ['http://pacs.example/dicom-web', 'http://user:secret@127.0.0.1/', 'ftp://127.0.0.1/'])
      await expect(
        findStudies({ url, login: token, trust: { system: false, extra: null } }, '7'),
      ).rejects.toMatchObject({
        code: 'setting-invalid',
        message: expect.not.stringContaining('secret'),
      });
    let shown = '';
    await using here = await archive((request, response) => {
      shown = request.headers.authorization ?? '';
      json(204, '')(request, response);
    });
    expect(await findStudies({ ...here, login: token }, '7')).toEqual([]);
    expect(shown).toBe('Bearer abc');
  });
});

describe('with files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cipherfilm-web-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** An archive whose study has these parts. */
  const multipart = (
    parts: readonly Uint8Array[],
    type = 'application/dicom',
    end = '--b--',
  ): Promise<WebArchive & AsyncDisposable> =>
    archive((_, response) => {
      response.writeHead(200, { 'content-type': 'multipart/related; type="application/dicom"; boundary=b' });
      for (const part of parts) {
        response.write(`--b\r\nContent-Type: ${type}\r\n\r\n`);
        response.write(part);
        response.write('\r\n');
      }
      response.end(end);
    });
  const retrieve = async (here: WebArchive, mostObjectBytes = 10_000) => {
    const place = await mkdtemp(join(folder, 'spool-'));
    const { spool } = await Spool.open(place, { mostBytes: 2 ** 20, leastFreeBytes: 0 });
    const stored: Stored[] = [];
    const outcome = await retrieveStudy(here, '1.5', {
      spool,
      onStored: (one) => stored.push(one),
      mostObjectBytes,
    }).catch((error: unknown) => error);
    const parts = (await readdir(place)).filter((name) => name.endsWith('.part'));
    expect([parts, spool.usedBytes]).toEqual([[], stored.reduce((sum, { bytes }) => sum + bytes, 0)]);
    return { outcome, stored };
  };
  const file = (end: number, of = '1.5') => fileOf({ study: of, sopInstance: `1.5.${end}` });

  it('a study is retrieved file by file', async () => {
    await using here = await multipart([file(1), file(2), file(3)]);
    const { outcome, stored } = await retrieve(here);
    expect([outcome, stored.map(({ sopInstance }) => sopInstance)]).toEqual([3, ['1.5.1', '1.5.2', '1.5.3']]);
  });

  it('what has come of a study stays, and the rest is refused: a file of another, no file, one too large, no end', async () => {
    const cases: [Promise<WebArchive & AsyncDisposable>, string][] = [
      [multipart([file(1), file(2, '1.6')]), 'network-malformed'],
      [multipart([file(1), new Uint8Array(500)]), 'dicom-not-dicom'],
      [multipart([file(1), fileOf({ study: '1.5', sopInstance: '1.5.9' }, 100_000)]), 'network-too-large'],
      [multipart([file(1)], 'application/dicom', ''), 'network-malformed'],
    ];
    for (const [opening, code] of cases) {
      await using here = await opening;
      const { outcome, stored } = await retrieve(here);
      expect(outcome).toMatchObject({ code });
      expect(stored.length).toBeLessThanOrEqual(1);
    }
    await using images = await multipart([file(1)], 'image/jpeg');
    expect((await retrieve(images)).outcome).toMatchObject({ code: 'network-malformed' });
    await expect(retrieveStudy(images, '../patients', {} as never)).rejects.toMatchObject({
      code: 'request-invalid',
    });
  });

  it('an object counts as kept when the archive says so, and only then', async () => {
    const object = await lookAtObject(await writeObject(folder, { study: '1.5', sopInstance: '1.5.7' }));
    const failed = { '00081198': { vr: 'SQ', Value: [{ '00081197': { vr: 'US', Value: [0xa700] } }] } };
    const outcomes: unknown[] = [];
    for (const [status, value] of [
      [200, {}],
      [202, { '00081199': { vr: 'SQ', Value: [] } }],
      [202, failed],
      [409, failed],
      [409, 'none'],
      [503, ''],
    ] as const) {
      await using here = await archive(json(status, value));
      outcomes.push(
        await storeOnWeb(here, object).then(
          () => 'kept',
          (error: { detail: unknown; code: string }) => error.detail ?? error.code,
        ),
      );
    }
    expect(outcomes).toEqual([
      ...['kept', 'kept'],
      { protocol: 'DIMSE', status: 0xa700 },
      { protocol: 'DIMSE', status: 0xa700 },
      { part: 'answer', reason: 'not JSON' },
      { protocol: 'HTTP', status: 503 },
    ]);
  });

  it('an object goes as one part of a body whose length is known', async () => {
    const path = await writeObject(folder, { study: '1.5', sopInstance: '1.5.8' }, 100_000);
    let [body, length] = [Buffer.alloc(0), ''];
    await using here = await archive((request, response) => {
      length = request.headers['content-length'] ?? '';
      request.on('data', (chunk: Buffer) => {
        body = Buffer.concat([body, chunk]);
      });
      request.once('end', () => response.writeHead(200).end('{}'));
    });
    await storeOnWeb(here, await lookAtObject(path));
    expect(Number(length)).toBe(body.length);
    const sent = Buffer.from(fileOf({ study: '1.5', sopInstance: '1.5.8' }, 100_000));
    const from = body.indexOf('\r\n\r\n') + 4;
    expect(body.subarray(from, from + sent.length).equals(sent)).toBe(true);
    expect(body.subarray(from + sent.length).toString()).toMatch(/^\r\n--[0-9a-f]{48}--\r\n$/);
  });
});
