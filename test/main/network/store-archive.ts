import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { echo } from '../../../main/network/send/store-scu.ts';

/** A `storescp` of DCMTK, which keeps every object that it is sent. */
export type StoreArchive = AsyncDisposable & {
  readonly remote: {
    readonly title: string;
    readonly host: string;
    readonly port: number;
    readonly tls: null;
  };
  /** The files that it keeps, by their paths. */
  readonly kept: () => Promise<readonly string[]>;
};

/** Starts one that is called ARCHIVE on this port. */
export async function startStoreArchive(port: number): Promise<StoreArchive> {
  const folder = await mkdtemp(join(tmpdir(), 'cipherfilm-storescp-'));
  const server = spawn('storescp', ['-od', folder, '-aet', 'ARCHIVE', String(port)], { stdio: 'ignore' });
  const remote = { title: 'ARCHIVE', host: '127.0.0.1', port, tls: null };
  const isUp = () =>
    echo(remote, { title: 'CIPHERFILM', waitMs: 2_000 }).then(
      () => true,
      () => false,
    );
  for (let time = 0; time < 100 && !(await isUp()); time += 1) await wait(50);
  return {
    remote,
    kept: async () => (await readdir(folder)).map((name) => join(folder, name)),
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
