import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleStudy } from '../../../main/host/headless.ts';
import { storeFiles } from '../../../main/network/send/store-scu.ts';
import { titled } from '../../titled.ts';
import { freePort } from '../network/orthanc.ts';
import { run, whyNoToolkit } from '../network/programs.ts';
import { cipherfilmIn, cleanEnvironment, program, root, whyNoModel } from './cipherfilm.ts';

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'cipherfilm-listen-'));
});
afterAll(() => rm(data, { recursive: true, force: true }));
const configure = (settings: object) => writeFile(join(data, 'config.json'), JSON.stringify(settings));

describe('cipherfilm listen', () => {
  it('does nothing where the settings name no port and no folder: nothing listens by itself', async () => {
    await configure({});
    const { code, stderr } = await cipherfilmIn({}, ['listen', '--data', data]);
    expect([code, stderr]).toEqual([
      ...[2, 'cipherfilm: the settings name neither dicomPort nor watchFolder (docs/settings.md)\n'],
    ]);
  });

  it('does not begin where nobody may send, or half a certificate is named', async () => {
    for (const [settings, setting] of [
      [{ dicomPort: 11112 }, 'dicomCallers'],
      [{ dicomPort: 11112, dicomCallers: ['PACS'], dicomKey: 'key.pem' }, 'dicomCertificate'],
      [{ dicomPort: 0 }, 'dicomPort'],
      [{ dicomCallers: [' PACS'] }, 'dicomCallers'],
    ] as const) {
      await configure(settings);
      const { code, stderr } = await cipherfilmIn({}, ['listen', '--data', data]);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`setting ${setting}`)]);
    }
  });
});

describe.skipIf(whyNoModel !== null)(titled('cipherfilm listen with a model', whyNoModel), () => {
  /** Runs it, and gives the lines of its output as they come. */
  function listening(): {
    child: ChildProcess;
    said: string[];
    lines: () => { file?: string; result?: object }[];
  } {
    const child = spawn(process.execPath, [program, 'listen', '--data', data, '--json-lines'], {
      ...{ cwd: root, env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] },
    });
    const said: string[] = [];
    let out = '';
    child.stdout!.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr!.on('data', (chunk) => said.push(String(chunk)));
    return {
      child,
      said,
      lines: () =>
        out
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
    };
  }
  async function until(holds: () => boolean): Promise<void> {
    for (let time = 0; time < 1000 && !holds(); time += 1) await wait(100);
    expect(holds()).toBe(true);
  }

  it('classifies what storescu and a folder bring, and ends with nothing left to do', {
    timeout: 200_000,
  }, async () => {
    const [port, watchFolder] = [await freePort(), join(data, 'in')];
    await mkdir(watchFolder);
    await configure({ dicomPort: port, dicomAddress: '127.0.0.1', dicomCallers: ['MODALITY'], watchFolder });
    const { child, said, lines } = listening();
    await until(() => said.join('').includes('listening as CIPHERFILM'));
    if (whyNoToolkit === null) {
      const sent = await run(
        'storescu',
        '-aec',
        'CIPHERFILM',
        '-aet',
        'MODALITY',
        '127.0.0.1',
        String(port),
        sampleStudy,
      );
      expect(sent).toEqual({ code: 0, said: '' });
    } else {
      const remote = { title: 'CIPHERFILM', host: '127.0.0.1', port, tls: null };
      expect(await storeFiles([sampleStudy], remote, { title: 'MODALITY' })).toMatchObject([{ error: null }]);
    }
    await until(() => lines().length === 1);
    expect(lines()[0]).toMatchObject({ result: { findings: expect.any(Array) } });
    await copyFile(sampleStudy, join(watchFolder, 'film.dcm'));
    await until(() => lines().length === 2);
    expect(lines()[1]).toMatchObject({ file: join(watchFolder, 'film.dcm'), result: expect.any(Object) });
    await until(() => said.join('').includes('film.dcm'));
    await wait(300);
    expect(await readdir(join(data, 'network', 'spool'))).toEqual([]);
    child.kill('SIGINT');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('finds at its start what had arrived before, and does not hand the folder’s files on again', {
    timeout: 200_000,
  }, async () => {
    const port = await freePort();
    await configure({ dicomPort: port, dicomCallers: ['MODALITY'], watchFolder: join(data, 'in') });
    const left = join(data, 'network', 'spool', `1.2.3_1.2.3.4_${'0'.repeat(32)}.dcm`);
    await writeFile(left, 'no image, which is soon told');
    const { child, lines } = listening();
    await until(() => lines().length === 1);
    expect(lines()[0]).toMatchObject({ file: left, error: { code: 'dicom-not-dicom' } });
    await wait(8_000);
    expect([lines().length, await readdir(join(data, 'network', 'spool'))]).toEqual([1, []]);
    child.kill('SIGINT');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });
});
