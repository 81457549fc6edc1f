import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDigest } from '../../../contract/ids/digest.ts';
import { parseJobId } from '../../../contract/ids/job-id.ts';
import { parseDataset } from '../../../dicom/dataset/parse.ts';
import { makeFiles } from '../../../main/export/make-files.ts';
import { entries } from '../../../main/host/entries.ts';
import { NetworkHost, onlySends } from '../../../main/host/network/network-host.ts';
import { launchNode } from '../../../main/host/node-port.ts';
import { HandedOn } from '../../../main/network/handed-on.ts';
import { Spool, type Stored } from '../../../main/network/receive/spool.ts';
import { deliver } from '../../../main/network/send/deliver.ts';
import { echo, storeFiles } from '../../../main/network/send/store-scu.ts';
import { findStudies } from '../../../main/network/web/find-studies.ts';
import { retrieveStudy } from '../../../main/network/web/retrieve-study.ts';
import { reportWith, result, source } from '../../dicom/objects/reports.ts';
import { titled } from '../../titled.ts';
import { datasetOf, fileOf, writeObject } from './objects.ts';
import { login, type Orthanc, startOrthanc, whyNoOrthanc } from './orthanc.ts';
import { receiving } from './receiving.ts';

describe.skipIf(whyNoOrthanc !== null)(titled('an Orthanc', whyNoOrthanc), () => {
  let orthanc: Orthanc;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cipherfilm-orthanc-files-'));
    orthanc = await startOrthanc();
  });
  afterAll(async () => {
    await orthanc[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  const caller = { title: 'CIPHERFILM', waitMs: 20_000 };
  const remote = () => ({ title: 'ORTHANC', host: '127.0.0.1', port: orthanc.dicomPort, tls: null });
  const archive = () => ({ url: orthanc.webUrl, login, trust: { system: false, extra: null } });
  const retrieved = async (study: string): Promise<{ stored: Stored[]; count: number }> => {
    const { spool } = await Spool.open(join(folder, study), { mostBytes: 2 ** 30, leastFreeBytes: 0 });
    const stored: Stored[] = [];
    const count = await retrieveStudy(archive(), study, { spool, onStored: (one) => stored.push(one) });
    return { stored, count };
  };

  it('answers our C-ECHO; its port for HTTP is refused with a code', async () => {
    await echo(remote(), caller);
    const other = { ...remote(), port: orthanc.httpPort };
    await expect(echo(other, { ...caller, waitMs: 2000 })).rejects.toMatchObject({
      code: expect.stringMatching(/^network-(malformed|unreachable|timeout)$/),
    });
  });

  it('keeps what C-STORE and STOW-RS send, and gives the same data sets back by WADO-RS', async () => {
    const names = (end: number) => ({ study: '1.2.826.1', sopInstance: `1.2.826.1.${end}` });
    const [byStore, byStow] = [
      await writeObject(folder, names(1), 100_000),
      await writeObject(folder, names(2), 50_000),
    ];
    const record = HandedOn.open(join(folder, 'sent'));
    expect(await deliver([byStore], { kind: 'dimse', remote: remote() }, caller, record)).toEqual([
      { path: byStore, error: null },
    ]);
    expect(await deliver([byStow], { kind: 'web', archive: archive() }, caller, record)).toEqual([
      { path: byStow, error: null },
    ]);
    expect(await orthanc.count()).toBe(2);
    const { stored, count } = await retrieved('1.2.826.1');
    expect([count, stored.length]).toEqual([2, 2]);
    for (const [end, pixels] of [
      [1, 100_000],
      [2, 50_000],
    ] as const) {
      const one = stored.find(({ sopInstance }) => sopInstance === `1.2.826.1.${end}`)!;
      const dataset = Buffer.from(datasetOf(names(end), pixels));
      const file = await readFile(one.path);
      // Behind file meta of Orthanc's own, byte for byte.
      expect(file.subarray(-dataset.length).equals(dataset)).toBe(true);
    }
  });

  it('keeps our reports and pictures, sent by C-STORE and by STOW-RS from the network process, and gives them back', async () => {
    await using network = new NetworkHost({
      ...{ launch: launchNode, entry: entries.network, work: onlySends },
      onArrival: () => {},
      onTrouble: () => {},
    });
    const dimse = { kind: 'dimse', remote: remote() } as const;
    const web = { kind: 'web', archive: archive() } as const;
    await network.ping(dimse, caller.title);
    await network.ping(web, caller.title);
    const nobody = { kind: 'dimse', remote: { ...remote(), port: orthanc.httpPort } } as const;
    await expect(network.ping(nobody, caller.title)).rejects.toMatchObject({
      code: expect.stringMatching(/^network-/),
    });
    const sent: Buffer[] = [];
    for (const [job, place] of [
      ['a', dimse],
      ['b', web],
    ] as const) {
      const digests = { ...result.digests, sent: parseDigest(job.repeat(64)) };
      const about = reportWith({ result: { ...result, digests, jobId: parseJobId(job.repeat(32)) } });
      const film = { rows: 64, columns: 48, pixels: new Uint8Array(64 * 48).fill(90) };
      const files = await makeFiles(about, film, ['sr', 'sc']);
      const paths = files.map(({ name }) => join(folder, name));
      for (const [index, path] of paths.entries()) await writeFile(path, files[index]!.bytes);
      const delivery = { paths, place, title: caller.title, record: join(folder, 'reports-sent') };
      expect(await network.deliver(delivery)).toEqual([null, null]);
      // Once more: it is there, and nothing is sent.
      expect(await network.deliver(delivery)).toEqual([null, null]);
      sent.push(...files.map(({ bytes }) => Buffer.from(bytes)));
    }
    const { stored } = await retrieved(source.study.uid!);
    expect(stored).toHaveLength(4);
    const back = await Promise.all(stored.map(async ({ path }) => parseDataset(await readFile(path))));
    const uid = ({ dataset }: ReturnType<typeof parseDataset>) => dataset.text('x00080018');
    expect(back.map(uid).toSorted()).toEqual(sent.map((bytes) => uid(parseDataset(bytes))).toSorted());
    // In the study of the film, as what they are.
    const kinds = back.map(({ dataset }) => `${dataset.text('x0020000d')} ${dataset.text('x00080060')}`);
    expect(kinds.toSorted()).toEqual(
      ['OT', 'OT', 'SR', 'SR'].map((modality) => `${source.study.uid} ${modality}`),
    );
  });

  it('is sent each object once, also by a retry after a restart', async () => {
    const path = await writeObject(folder, { study: '1.2.826.2', sopInstance: '1.2.826.2.1' });
    const before = await orthanc.count();
    const to = { kind: 'web', archive: archive() } as const;
    const failing = { kind: 'web', archive: { ...archive(), url: 'http://127.0.0.1:9/dicom-web' } } as const;
    const open = () => HandedOn.open(join(folder, 'record'));
    expect(await deliver([path], failing, caller, open())).toMatchObject([
      { error: { code: 'network-unreachable' } },
    ]);
    await deliver([path], to, caller, open());
    // A second one that asked the archive would be refused here.
    const closed = { kind: 'web', archive: { ...archive(), login: null } } as const;
    expect(await deliver([path], closed, caller, open())).toEqual([{ path, error: null }]);
    expect(await orthanc.count()).toBe(before + 1);
  });

  it('finds the prior of a patient by QIDO-RS, and nobody else’s', async () => {
    const path = await writeObject(folder, { study: '1.2.826.3', sopInstance: '1.2.826.3.1' });
    expect(await storeFiles([path], remote(), caller)).toEqual([{ path, error: null }]);
    const found = await findStudies(archive(), 'PATIENT-7');
    expect(found.find(({ study }) => study === '1.2.826.3')).toEqual({
      ...{
        study: '1.2.826.3',
        date: '2026-01-02',
        description: null,
        accession: null,
        patientId: 'PATIENT-7',
      },
      ...{ modalities: ['CR'], instances: 1 },
    });
    // The same through the network process, which brings it too.
    await using network = new NetworkHost({
      ...{ launch: launchNode, entry: entries.network, work: onlySends },
      onArrival: () => {},
      onTrouble: () => {},
    });
    expect(await network.find(archive(), 'PATIENT-7')).toEqual(found);
    const fetch = {
      archive: archive(),
      study: '1.2.826.3',
      folder: join(folder, 'brought'),
      mostBytes: 2 ** 30,
    };
    const [brought] = await network.fetch(fetch);
    expect((await readFile(brought!)).subarray(-64)).toEqual((await readFile(path)).subarray(-64));
    await expect(network.fetch({ ...fetch, study: '1.2.826.999' })).rejects.toMatchObject({
      code: 'network-status',
    });
    await expect(network.fetch({ ...fetch, mostBytes: 10, study: '1.2.826.1' })).rejects.toMatchObject({
      code: 'spool-full',
    });
    expect(await findStudies(archive(), 'PATIENT')).toEqual([]);
    await expect(findStudies(archive(), 'PATIENT-*')).rejects.toMatchObject({ code: 'request-invalid' });
  });

  it('sends a study to us, and is told where it may not', async () => {
    const paths = [1, 2, 3].map((end) =>
      writeObject(folder, { study: '1.2.826.5', sopInstance: `1.2.826.5.${end}` }),
    );
    await storeFiles(await Promise.all(paths), remote(), caller);
    await using here = await receiving({ callers: new Set(['ORTHANC']) });
    expect(await orthanc.push('1.2.826.5', { title: 'CIPHERFILM', port: here.scp.port })).toBe(true);
    expect(here.stored.map(({ study, sopInstance }) => [study, sopInstance]).toSorted()).toEqual([
      ['1.2.826.5', '1.2.826.5.1'],
      ['1.2.826.5', '1.2.826.5.2'],
      ['1.2.826.5', '1.2.826.5.3'],
    ]);
    expect(await orthanc.push('1.2.826.5', { title: 'SOMEBODY', port: here.scp.port })).toBe(false);
    expect(here.stored).toHaveLength(3);
  });

  it('refuses somebody without a login, and a study that it does not have', async () => {
    await expect(findStudies({ ...archive(), login: null }, 'PATIENT-7')).rejects.toMatchObject({
      code: 'network-unauthorised',
      detail: { status: 401 },
    });
    await expect(retrieved('1.2.826.999')).rejects.toMatchObject({ code: 'network-status' });
  });

  it('says why it does not keep an object, and the others are kept', async () => {
    const good = await writeObject(folder, { study: '1.2.826.4', sopInstance: '1.2.826.4.1' });
    const odd = await writeObject(folder, {
      study: '1.2.826.4',
      sopInstance: '1.2.826.4.2',
      sopClass: '1.2.3.4',
    });
    const [first, second, third] = await storeFiles([good, odd, join(folder, 'none.dcm')], remote(), caller);
    expect([first!.error, second!.error?.code, third!.error?.code]).toEqual([
      ...[null, 'network-refused', 'file-unreadable'],
    ]);
  });

  it('gives a study again and again, and each object is one file', async () => {
    const bytes = fileOf({ study: '1.2.826.3', sopInstance: '1.2.826.3.1' });
    const { stored } = await retrieved('1.2.826.3');
    const again = await retrieved('1.2.826.3');
    expect(again.stored).toEqual(stored);
    expect((await readFile(stored[0]!.path)).subarray(-64).equals(Buffer.from(bytes).subarray(-64))).toBe(
      true,
    );
  });
});
