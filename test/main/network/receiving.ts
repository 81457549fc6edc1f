import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CodedError } from '../../../contract/errors.ts';
import { Spool, type SpoolLimits, type Stored } from '../../../main/network/receive/spool.ts';
import { type Scp, type ScpOptions, startScp } from '../../../main/network/receive/store-scp.ts';

/** A service that receives into a folder of its own, and what it has heard. */
export type Receiving = AsyncDisposable & {
  readonly scp: Scp;
  readonly spool: Spool;
  readonly folder: string;
  readonly stored: Stored[];
  readonly trouble: CodedError[];
};

/** Starts one that is called CIPHERFILM and may be called by MODALITY. */
export async function receiving(
  options: Partial<ScpOptions> = {},
  limits: SpoolLimits = { mostBytes: 2 ** 30, leastFreeBytes: 0 },
): Promise<Receiving> {
  const folder = await mkdtemp(join(tmpdir(), 'cipherfilm-spool-'));
  const { spool } = await Spool.open(folder, limits);
  const stored: Stored[] = [];
  const trouble: CodedError[] = [];
  const scp = await startScp({
    ...{ title: 'CIPHERFILM', callers: new Set(['MODALITY']), port: 0, address: '127.0.0.1', tls: null },
    ...{ spool, mostAssociations: 32, objectsPerMinute: 6000 },
    onStored: (one) => stored.push(one),
    onTrouble: (error) => trouble.push(error),
    ...options,
  });
  return {
    ...{ scp, spool, folder, stored, trouble },
    [Symbol.asyncDispose]: async () => {
      await scp.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
