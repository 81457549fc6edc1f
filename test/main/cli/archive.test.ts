import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../../titled.ts';
import { datasetOf, writeObject } from '../network/objects.ts';
import { freePort, login, type Orthanc, startOrthanc, whyNoOrthanc } from '../network/orthanc.ts';
import { cipherfilmIn } from './cipherfilm.ts';

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'cipherfilm-archive-'));
});
afterAll(() => rm(data, { recursive: true, force: true }));
const configure = (settings: object) => writeFile(join(data, 'config.json'), JSON.stringify(settings));
const archive = (...args: string[]) => cipherfilmIn({}, ['archive', ...args, '--data', data]);

describe('cipherfilm archive', () => {
  it('says what the settings lack, and of an archive that is away that it is', async () => {
    await configure({});
    for (const args of [['test'], ['send', 'a.dcm'], ['find', '7'], ['get', '1.2', data]])
      expect(await archive(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('archive') });
    await configure({ archive: `PACS@127.0.0.1:${await freePort()}` });
    const { code, stdout } = await archive('test');
    expect([code, stdout]).toEqual([1, 'C-ECHO: The archive cannot be reached. (network-unreachable)\n']);
  });
});

describe.skipIf(whyNoOrthanc !== null)(titled('cipherfilm archive with an Orthanc', whyNoOrthanc), () => {
  let orthanc: Orthanc;
  beforeAll(async () => {
    orthanc = await startOrthanc();
  });
  afterAll(() => orthanc[Symbol.asyncDispose]());
  const names = { study: '1.2.5', sopInstance: '1.2.5.1' };

  it('tests it, sends to it by either way, finds the study and brings it back', async () => {
    const file = join(data, 'login');
    await writeFile(file, `${login.user}:${login.password}\n`);
    const web = { archiveUrl: orthanc.webUrl, archiveLoginFile: file };
    await configure({ ...web, archive: `ORTHANC@127.0.0.1:${orthanc.dicomPort}` });
    expect(await archive('test')).toEqual({
      code: 0,
      stdout: 'C-ECHO: answers\nDICOMweb: answers\n',
      stderr: '',
    });
    const path = await writeObject(data, names, 1000);
    for (let time = 0; time < 2; time += 1)
      expect(await archive('send', path)).toEqual({ code: 0, stdout: `${path}: is there\n`, stderr: '' });
    await configure(web);
    const second = await writeObject(data, { ...names, sopInstance: '1.2.5.2' }, 1000);
    expect((await archive('send', second, join(data, 'none.dcm'))).code).toBe(1);
    expect(await orthanc.count()).toBe(2);
    const found = await archive('find', 'PATIENT-7');
    expect(found).toEqual({ code: 0, stdout: '2026-01-02\t1.2.5\tCR\t2\t-\n', stderr: '' });
    const brought = await archive('get', '1.2.5', join(data, 'brought'));
    const paths = brought.stdout.trim().split('\n');
    expect([brought.code, paths.length]).toEqual([0, 2]);
    const dataset = Buffer.from(datasetOf(names, 1000));
    const first = await readFile(paths.find((one) => one.includes('_1.2.5.1_'))!);
    expect(first.subarray(-dataset.length).equals(dataset)).toBe(true);
  });
});
