import { CxrError } from '../../contract/errors.ts';
import { nothingStated } from '../../contract/image/stated-content.ts';
import type { EngineInput, Radiograph } from '../../contract/stages.ts';
import { reduced } from '../../dicom/encoder-input.ts';
import { clearLogits } from '../../main/engine/clear-reference.ts';
import { toProbability } from '../../main/engine/findings.ts';
import { admit, type GateModels } from '../../main/engine/input-gate.ts';
import type { ClientHalf } from '../../native-models/client-half.ts';
import type { ServerHalf } from '../../native-models/server-half.ts';
import type { Picture } from './alter-film.ts';

/** What the gate made of one film: the code and the reason with which it refused, or the findings and the doubts. */
export type Outcome =
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string | null }
  | {
      readonly kind: 'passed';
      readonly probabilities: readonly number[];
      readonly doubts: readonly string[];
    };

export type Gate = { readonly models: GateModels; readonly client: ClientHalf; readonly server: ServerHalf };

/** Passes one film through the gate and the plaintext network. */
export async function scoreInput(input: Omit<EngineInput, 'decodeMs'>, gate: Gate): Promise<Outcome> {
  try {
    const { latent, verdict } = await admit(input, gate.models, gate.client);
    const logits = clearLogits(gate.server, latent.values);
    return {
      kind: 'passed',
      probabilities: gate.client.calibration.findings.map((finding, index) =>
        toProbability(logits[index]!, finding),
      ),
      doubts: (verdict.doubts ?? []).map(({ kind }) => kind),
    };
  } catch (error) {
    if (!(error instanceof CxrError) || !error.code.startsWith('input-')) throw error;
    const detail = error.detail as { readonly reason?: string };
    return { kind: 'refused', code: error.code, reason: detail.reason ?? null };
  }
}

/** A picture as a radiograph of a CR unit whose header says nothing else. */
export const asRadiograph = ({ values, rows, columns }: Picture): Radiograph => ({
  ...{ values, rows, columns },
  content: nothingStated,
  facts: {
    ...{ modality: 'CR', viewPosition: null, rows, columns, photometric: 'MONOCHROME2' },
    ...{ transferSyntax: 'none', lossy: false, window: 'full range' },
  },
});

export const scorePicture = (
  picture: Picture,
  gate: Gate,
  content: Partial<Radiograph['content']> = {},
): Promise<Outcome> =>
  scoreInput(reduced({ ...asRadiograph(picture), content: { ...nothingStated, ...content } }), gate);

/** The largest difference of a finding's probability. */
export const difference = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((most, value, index) => Math.max(most, Math.abs(value - other[index]!)), 0);
