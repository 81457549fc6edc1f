import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CodedError } from '../../../contract/errors.ts';
import type { Arrival } from '../../../contract/ipc/network.ts';
import { entries } from '../../../main/host/entries.ts';
import { NetworkHost } from '../../../main/host/network/network-host.ts';
import { launchNode } from '../../../main/host/node-port.ts';
import { storeFiles } from '../../../main/network/send/store-scu.ts';
import { writeObject } from './objects.ts';
import { freePort } from './orthanc.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cipherfilm-network-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const receive = (port: number) => ({
  ...{ title: 'CIPHERFILM', callers: ['MODALITY'], port, address: '127.0.0.1', tls: null },
  ...{ spool: join(folder, 'spool'), mostBytes: 1e9, mostAssociations: 4, objectsPerMinute: 100 },
});
function host(port: number): { network: NetworkHost; arrivals: Arrival[]; trouble: CodedError[] } {
  const [arrivals, trouble]: [Arrival[], CodedError[]] = [[], []];
  const network = new NetworkHost({
    ...{ launch: launchNode, entry: entries.network, work: { receive: receive(port), watch: null } },
    onArrival: (arrival) => arrivals.push(arrival),
    onTrouble: (error) => trouble.push(error),
  });
  return { network, arrivals, trouble };
}
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let time = 0; time < 500 && !(await holds()); time += 1) await wait(20);
  expect(await holds()).toBe(true);
}
const send = async (port: number, sopInstance: string): Promise<boolean> => {
  const path = await writeObject(folder, { study: '1.2', sopInstance });
  const remote = { title: 'CIPHERFILM', host: '127.0.0.1', port, tls: null };
  const [delivery] = await storeFiles([path], remote, { title: 'MODALITY', waitMs: 2000 });
  return delivery!.error === null;
};

it('a network process that dies is followed by another, and what had arrived is told once', async () => {
  const { network, arrivals } = host(await freePort());
  await using _ = network;
  const port = (await network.started())!;
  expect(await send(port, '1.2.1')).toBe(true);
  await until(() => arrivals.length === 1);
  const { pid } = network;
  process.kill(pid!, 'SIGKILL');
  await until(async () => network.pid !== undefined && network.pid !== pid && (await send(port, '1.2.2')));
  await until(() => arrivals.length === 2);
  expect(arrivals.map(({ by, study }) => [by, study])).toEqual([
    ['network', '1.2'],
    ['network', '1.2'],
  ]);
  for (const { path } of arrivals) network.done(path);
  await until(async () => (await readdir(join(folder, 'spool'))).length === 0);
});

it('a network process that cannot begin says why, and is not started again', async () => {
  await writeFile(join(folder, 'spool'), 'a file in place of the folder');
  const { network } = host(await freePort());
  await using _ = network;
  await expect(network.started()).rejects.toMatchObject({ code: 'folder-unusable' });
  await expect(network.failure()).rejects.toMatchObject({ code: 'folder-unusable' });
  await wait(1_000);
  expect(network.pid).toBeUndefined();
});
