import { describe, expect, it } from 'vitest';
import type { StageName } from '../../../contract/stages.ts';
import type { Connector } from '../../../main/connector/connector.ts';
import type { Keyring } from '../../../main/engine/keyring.ts';
import { provideKeys } from '../../../main/engine/remote-steps.ts';
import { StageClock } from '../../../main/engine/stage-clock.ts';
import { randomHefNet } from '../../he/random-network.ts';
import { smallBundle } from '../../he/small-bundle.ts';

const { description, id } = smallBundle(
  randomHefNet(3, { side: 16, widths: [8, 16], findings: 14, squeeze: 4, attention: true }),
);
const half = { id, description } as unknown as Parameters<typeof provideKeys>[0]['half'];

/** A keyring that took 1.5 s for its keys, and an evaluator that is without them at first. */
function station() {
  let isMade = false;
  let isKnown = false;
  const evaluation = { frame: new Uint8Array(8), keyId: 'k' };
  const keyring = {
    get keyId() {
      return isMade ? 'k' : null;
    },
    keys: async (onProgress: (fraction: number) => void = () => {}) => {
      if (!isMade) onProgress(1);
      isMade = true;
      return { evaluation, generatedInMs: 1500 };
    },
  } as unknown as Keyring;
  const connector = {
    ensureBundle: async () => {},
    ensureKeys: async (_frame: Uint8Array, _id: string, onProgress: (fraction: number) => void) => {
      if (!isKnown) onProgress(1);
      isKnown = true;
    },
  } as unknown as Connector;
  return { half, keyring, connector };
}

describe('the keys of an analysis', () => {
  it('are told and timed in the analysis that made and sent them, and in no later one', async () => {
    const parts = station();
    const analysis = async () => {
      const stages: StageName[] = [];
      const clock = new StageClock({
        signal: new AbortController().signal,
        onProgress: ({ stage }) => stages.push(stage),
      });
      await provideKeys(parts, clock);
      return { stages: [...new Set(stages)], keygen: clock.times.keygen };
    };
    expect(await analysis()).toEqual({ stages: ['generating-keys', 'uploading-keys'], keygen: 1500 });
    expect(await analysis()).toEqual({ stages: [], keygen: 0 });
  });
});
