import { join } from 'node:path';
import type { KeyId } from '../../contract/ids/key-id.ts';
import { encrypt } from '../../he/client/encryption.ts';
import { type EvaluationKeyFrame, generateEvaluationKeys, KeyHolder } from '../../he/client/keys.ts';
import { seededTensor } from '../../he/seeded-tensor.ts';
import type { Arithmetic } from '../../kernel/open.ts';
import { type Connector, connect } from '../../main/connector/connector.ts';
import { chooseBundle } from '../../main/host/choose-bundle.ts';
import { bundleRoot, inTemporaryFolder, startEmbeddedEvaluator } from '../../main/host/headless.ts';
import { type ClientHalf, openClientHalf } from '../../native-models/client-half.ts';
import { median } from './machine.ts';

/** Several clients on one evaluator with one worker, over HTTP, with the shipped bundle. */
export type TenantRun = {
  readonly arithmetic: Arithmetic;
  readonly threads: number;
  /** Clients with different keys that have all their analyses queued at the same time. */
  readonly tenants: number;
  readonly analyses: number;
  readonly analysesPerMinute: number;
  /** Analyses before which another client's keys had to be loaded. */
  readonly keySwitches: number;
};
export type TenantBench = {
  readonly runs: readonly TenantRun[];
  /** By how much an analysis takes longer when the one before was another client's. */
  readonly keySwitchMs: { readonly arithmetic: Arithmetic; readonly threads: number; readonly ms: number }[];
};

type Tenant = {
  readonly connector: Connector;
  readonly keyId: KeyId;
  readonly holder: KeyHolder;
  readonly half: ClientHalf;
};

const analysesPerTenant = 6;
const latentSpread = Math.sqrt(3);

function ask({ connector, keyId, holder, half }: Tenant, seed: number) {
  const { input } = half.description;
  const size = input.channels * input.height * input.width;
  const values = Float32Array.from(seededTensor(size, seed, latentSpread));
  const shape = [input.channels, input.height, input.width] as const;
  return connector.submit(encrypt({ values, shape }, holder, keyId, half.id, half.description).frame);
}

/** The end of each analysis in milliseconds since the first was sent, with its tenant, in order of ending. */
async function queueAll(tenants: readonly Tenant[]): Promise<{ tenant: number; endedMs: number }[]> {
  const from = performance.now();
  const ends: Promise<{ tenant: number; endedMs: number }>[] = [];
  for (let analysis = 0; analysis < analysesPerTenant; analysis += 1)
    for (const [index, tenant] of tenants.entries()) {
      const job = await ask(tenant, 100 * analysis + index);
      const ended = tenant.connector.await(job);
      ends.push(ended.then(() => ({ tenant: index, endedMs: performance.now() - from })));
    }
  return (await Promise.all(ends)).sort((a, b) => a.endedMs - b.endedMs);
}

/** Seconds of analyses one after the other, each sent when the one before has ended. */
async function inTurn(order: readonly Tenant[]): Promise<number[]> {
  const times: number[] = [];
  for (const [index, tenant] of order.entries()) {
    const from = performance.now();
    await tenant.connector.await(await ask(tenant, 1000 + index));
    times.push(performance.now() - from);
  }
  return times;
}

export async function benchTenants(
  counts: readonly number[],
  ways: readonly (readonly [arithmetic: Arithmetic, threads: number])[],
  note: (line: string) => void,
): Promise<TenantBench> {
  const half = await openClientHalf(join(bundleRoot, await chooseBundle(bundleRoot)));
  const keys: { holder: KeyHolder; evaluation: EvaluationKeyFrame }[] = [];
  for (let count = 0; count < Math.max(2, ...counts); count += 1) {
    const holder = await KeyHolder.generate(half.description);
    keys.push({ holder, evaluation: await generateEvaluationKeys(holder, half.id, half.description) });
    note(`keys of tenant ${count + 1}`);
  }
  const runs: TenantRun[] = [];
  const keySwitchMs: { arithmetic: Arithmetic; threads: number; ms: number }[] = [];
  for (const [arithmetic, threads] of ways)
    await inTemporaryFolder('cipherfilm-tenants-', async (dataDir) => {
      const evaluator = await startEmbeddedEvaluator({ dataDir, bundleRoot, arithmetic, threads });
      try {
        const tenants: Tenant[] = [];
        for (const { holder, evaluation } of keys) {
          const connector = connect(evaluator.url);
          await connector.ensureKeys(evaluation.frame, evaluation.keyId);
          tenants.push({ connector, keyId: evaluation.keyId, holder, half });
        }
        const [one, two] = tenants as [Tenant, Tenant];
        await inTurn([two, one]);
        for (const count of counts) {
          const ends = await queueAll(tenants.slice(0, count));
          const switches = ends.filter(
            ({ tenant }, index) => tenant !== (ends[index - 1]?.tenant ?? 0),
          ).length;
          const minutes = ends.at(-1)!.endedMs / 60_000;
          runs.push({
            arithmetic,
            threads,
            tenants: count,
            analyses: ends.length,
            analysesPerMinute: ends.length / minutes,
            keySwitches: switches,
          });
          note(
            `${arithmetic} ${threads}, ${count} tenants: ${(ends.length / minutes).toFixed(1)} analyses a minute`,
          );
        }
        const alternating = await inTurn([two, one, two, one, two, one]);
        const same = await inTurn([one, one, one, one, one, one]);
        keySwitchMs.push({ arithmetic, threads, ms: median(alternating) - median(same) });
        note(`${arithmetic} ${threads}: a key switch ${keySwitchMs.at(-1)!.ms.toFixed(0)} ms`);
      } finally {
        await evaluator.stop();
      }
    });
  for (const { holder } of keys) holder[Symbol.dispose]();
  return { runs, keySwitchMs };
}
