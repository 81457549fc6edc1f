import type { Orientation } from '../../contract/image/orientation.ts';
import type {
  AnalysisResult,
  BytesMoved,
  EncoderImage,
  EncryptedLatent,
  EngineInput,
  InputPair,
  InputVerdict,
  StageTimes,
} from '../../contract/stages.ts';
import { frameDigest } from '../../he/wire/frame.ts';
import type { Reply } from '../connector/outbox.ts';
import { toFindings } from './findings.ts';
import { placeRegions } from './gate/place-regions.ts';
import type { Keys } from './keyring.ts';
import type { Workstation } from './station.ts';

/** What an analysis has produced when its logits are decrypted. */
export type Finished = {
  readonly input: EngineInput;
  readonly verdict: InputVerdict;
  /** How the film lay before it was turned upright. */
  readonly lay: Orientation;
  readonly keys: Keys;
  readonly question: EncryptedLatent;
  readonly reply: Reply;
  /** The logits as they were decrypted, findings×rows×columns. */
  readonly logits: Float64Array;
  readonly bytes: BytesMoved;
  readonly times: StageTimes;
};

/**
 * Puts together everything that leaves the engine of a finished analysis. Logits are rounded on the way (findings.ts).
 */
export function toResult({ half, evaluator }: Workstation, finished: Finished): AnalysisResult {
  const { input, verdict, lay, keys, question, reply, logits, bytes, times } = finished;
  const { polyModulusDegree, logQP, securityBits } = keys.holder.params;
  return {
    findings: toFindings(logits, half.description.output.layout.shape, half.calibration).map((finding) => ({
      ...finding,
      regions: finding.regions === null ? null : placeRegions(finding.regions, lay, input),
    })),
    facts: input.facts,
    input: verdict,
    bundle: { id: half.id, name: half.description.name },
    evaluator,
    jobId: reply.jobId,
    keyId: keys.evaluation.keyId,
    digests: { sent: question.digest, received: frameDigest(reply.answer.frame) },
    parameters: { polyModulusDegree, logQP, securityBits },
    cost: reply.cost,
    bytes,
    timesMs: {
      ...times,
      decode: input.decodeMs,
      evaluate: reply.evaluateMs,
    },
  };
}

/** Turns the image that the encoder saw, and what the decoder drew from its latent, from [-1, 1] into 8 bits each. */
export function pairOf({
  image,
  reconstruction,
}: {
  readonly image: EncoderImage;
  readonly reconstruction: EncoderImage;
}): InputPair {
  const grey = ({ values }: EncoderImage) => Uint8ClampedArray.from(values, (value) => (value + 1) * 127.5);
  return {
    side: image.side,
    image: new Uint8Array(grey(image).buffer),
    reconstruction: new Uint8Array(grey(reconstruction).buffer),
  };
}

/** Counts the bytes that crossed the network since `before`. */
export const movedSince = (before: BytesMoved, now: BytesMoved): BytesMoved => ({
  evaluationKeys: now.evaluationKeys - before.evaluationKeys,
  sent: now.sent - before.sent,
  received: now.received - before.received,
});
