import type { AnalysisResult, InputVerdict } from '../../contract/stages.ts';
import { doubtInWords } from '../../contract/words/doubt-words.ts';

const bytes = (count: number): string => `${(count / 1e6).toFixed(count < 1e5 ? 3 : 2)} MB`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 1000 ? 3 : 1)} s`;

const inputLine = ({ distance, distanceLimit, psnr, psnrLimit, inverted }: InputVerdict): string => {
  const passed = `passed: distance ${distance.toFixed(2)} of ${distanceLimit.toFixed(2)}, codec ${psnr.toFixed(1)} dB of ${psnrLimit.toFixed(1)}`;
  return inverted ? `${passed}; scored with black and white exchanged, against the file's tag` : passed;
};

/** The evaluation keys go with the first analysis only. */
const keysMoved = (count: number): string => (count > 0 ? `keys ${bytes(count)} once` : 'keys as before');

/** Writes a result as lines of text. Findings that may not be claimed are marked as such; they are not hidden. */
export function reportLines(result: AnalysisResult): string[] {
  const { parameters, cost, timesMs } = result;
  const where = result.evaluator.embedded ? 'embedded, on this machine' : 'remote';
  const widest = Math.max(...result.findings.map(({ name }) => name.length));
  return [
    'Research use only. Not a medical device.',
    '',
    ...result.findings.map(({ name, probability, logit, verdict, claimable }) => {
      const said = claimable ? verdict : 'no claim (see the model card)';
      return `  ${name.padEnd(widest)}  ${probability.toFixed(3)}  logit ${logit.toFixed(3).padStart(7)}  ${said}`;
    }),
    '',
    `Image       ${result.facts.modality} ${result.facts.columns}×${result.facts.rows}, ${result.facts.window}`,
    `Input gate  ${inputLine(result.input)}`,
    ...(result.input.doubts ?? []).map((doubt) => `            ${doubtInWords(doubt)}`),
    `Evaluator   ${result.evaluator.url} (${where}), job ${result.jobId}`,
    `Model       ${result.bundle.name}, ${result.bundle.id.slice(0, 16)}`,
    `Encryption  CKKS, N = ${parameters.polyModulusDegree}, log QP = ${parameters.logQP.toFixed(1)}, ${parameters.securityBits}-bit security`,
    `Executed    ${cost.levels} levels, ${cost.rotations} rotations, ${cost.relinearizations} relinearisations, ${cost.plaintextProducts} plaintext products`,
    `Moved       ${keysMoved(result.bytes.evaluationKeys)}, sent ${bytes(result.bytes.sent)}, received ${bytes(result.bytes.received)}`,
    `Time        ${Object.entries(timesMs)
      .filter(([, ms]) => ms > 0)
      .map(([stage, ms]) => `${stage} ${seconds(ms)}`)
      .join(', ')}`,
  ];
}
