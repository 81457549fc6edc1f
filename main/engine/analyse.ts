import type { Cost } from '../../contract/cost.ts';
import { CxrError } from '../../contract/errors.ts';
import type { JobId } from '../../contract/ids/job-id.ts';
import type {
  AnalysisResult,
  EncoderImage,
  EncryptedLatent,
  EngineInput,
  InputPair,
  Progress,
  StageTimes,
} from '../../contract/stages.ts';
import { decrypt, encrypt } from '../../he/client/encryption.ts';
import { frameDigest } from '../../he/wire/frame.ts';
import { type KeyBytes, payloadLimits, predictKeyBytes } from '../../he/wire/sizes.ts';
import type { ClientHalf } from '../../native-models/client-half.ts';
import type { Decoder, Encoder } from '../../native-models/encoder.ts';
import type { Connector } from '../connector/connector.ts';
import { toFindings } from './findings.ts';
import { admit } from './input-gate.ts';
import type { Keyring } from './keyring.ts';

/** The client half of a bundle, opened, with the keys that fit it. */
export type Models = {
  readonly half: ClientHalf;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly keyring: Keyring;
};
/** The evaluator in use. Another one may take its place while the models stay open. */
export type Line = {
  readonly connector: Connector;
  readonly evaluator: { readonly url: string; readonly embedded: boolean };
};
/** Everything that one analysis needs. */
export type Workstation = Models & Line;

/** How a caller follows an analysis and stops it. `onAdmitted` is called once the input gate let the image through. */
export type AnalysisControl = {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly onAdmitted: (pair: InputPair) => void;
};

/**
 * Analyses one image: reduced image → latent → encrypt → submit → await → decrypt → findings. This is the product in
 * one function. Only the steps that speak to the evaluator touch the network, and they see nothing but ciphertext and
 * public keys.
 *
 * @param input    the image as dicom/encoder-input.ts reduced it, in a process that has no key.
 * @param station  the models, the keys and the evaluator.
 * @throws         CxrError with the code of the stage that refused; `cancelled` when `signal` aborts, after the
 *                 evaluator was told to stop.
 */
export async function analyse(
  input: EngineInput,
  station: Workstation,
  control: AnalysisControl,
): Promise<AnalysisResult> {
  const { half, connector, keyring } = station;
  const { signal, onProgress } = control;
  const clock = new StageClock(signal);
  const at = (stage: Progress['stage'], fraction: number | null = null, detail?: string) =>
    onProgress(detail === undefined ? { stage, fraction } : { stage, fraction, detail });
  const movedBefore = connector.bytes;

  at('encoding');
  const admitted = await clock.time('encode', () => admit(input, station, half.gate));
  const { latent, verdict } = admitted;
  control.onAdmitted(pairOf(admitted));

  // Before key generation, the longest step here: is anybody there, with this bundle?
  await clock.time('upload', () => connector.ensureBundle(half.id, signal));

  const size = keyring.keyId === null ? sizeInWords(predictKeyBytes(half.description)) : undefined;
  at('generating-keys', 0, size);
  const keys = await untilAborted(
    keyring.keys((fraction) => at('generating-keys', fraction, size)),
    signal,
  );
  at('uploading-keys', 0);
  await clock.time('upload', async () => {
    const onUpload = (fraction: number) => at('uploading-keys', fraction);
    await connector.ensureKeys(keys.evaluation.frame, keys.evaluation.keyId, onUpload, signal);
  });

  at('encrypting');
  const question = await clock.time('encrypt', async () =>
    encrypt(latent, keys.holder, keys.evaluation.keyId, half.id, half.description),
  );

  at('sending');
  const jobId = await clock.time('upload', () => submit(connector, question, signal));
  const done = await awaitJob(connector, jobId, control);

  at('receiving');
  const expected = {
    bundle: half.id,
    subject: question.digest,
    maxPayloadBytes: payloadLimits(half.description).result,
  };
  const answer = await connector.fetchResult(jobId, expected, signal);

  // From here on nothing goes to the evaluator: what was decrypted must not influence what it sees.
  at('decrypting');
  const logits = await clock.time('decrypt', async () =>
    decrypt(answer, question, keys.holder, half.id, half.description),
  );
  const moved = connector.bytes;
  const result: AnalysisResult = {
    findings: toFindings(logits, half.description.output.layout.shape, half.calibration),
    facts: input.facts,
    input: verdict,
    bundle: { id: half.id, name: half.description.name },
    evaluator: station.evaluator,
    jobId,
    keyId: keys.evaluation.keyId,
    digests: { sent: question.digest, received: frameDigest(answer.frame) },
    parameters: {
      polyModulusDegree: keys.holder.params.polyModulusDegree,
      logQP: keys.holder.params.logQP,
      securityBits: keys.holder.params.securityBits,
    },
    cost: done.cost as Cost,
    bytes: {
      evaluationKeys: moved.evaluationKeys - movedBefore.evaluationKeys,
      sent: moved.sent - movedBefore.sent,
      received: moved.received - movedBefore.received,
    },
    timesMs: {
      ...clock.times,
      decode: input.decodeMs,
      keygen: keys.generatedInMs,
      evaluate: done.evaluateMs,
    },
  };
  at('done', 1);
  return result;
}

/** Turns both images from [-1, 1] into grey levels of 8 bits. */
function pairOf({ image, reconstruction }: { image: EncoderImage; reconstruction: EncoderImage }): InputPair {
  const grey = ({ values }: EncoderImage) => Uint8ClampedArray.from(values, (value) => (value + 1) * 127.5);
  return {
    side: image.side,
    image: new Uint8Array(grey(image).buffer),
    reconstruction: new Uint8Array(grey(reconstruction).buffer),
  };
}

const sizeInWords = ({ transferBytes }: KeyBytes): string =>
  `about ${Math.ceil(transferBytes / 1e6)} MB to upload once`;

/** Stops waiting for shared work when the analysis is cancelled. The work itself goes on for the next analysis. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(new CxrError('cancelled'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return promise;
}

/**
 * Sends an analysis to the evaluator. When it is cancelled while the reply is on its way, the same frame is sent again
 * to learn the job's id, and the job is stopped.
 */
async function submit(connector: Connector, question: EncryptedLatent, signal: AbortSignal): Promise<JobId> {
  try {
    return await connector.submit(question.frame, signal);
  } catch (error) {
    if (signal.aborted) {
      await connector.submit(question.frame).then(
        (jobId) => connector.cancel(jobId),
        () => {},
      );
    }
    throw error;
  }
}

/** Waits for a job and passes on its progress. It cancels the job on the evaluator when the analysis is cancelled. */
async function awaitJob(
  connector: Connector,
  jobId: AnalysisResult['jobId'],
  { signal, onProgress }: AnalysisControl,
) {
  try {
    return await connector.await(jobId, {
      signal,
      onState: (state) => {
        if (state.kind === 'queued')
          onProgress({ stage: 'queued', fraction: null, detail: `${state.ahead} ahead` });
        if (state.kind === 'running')
          onProgress({ stage: 'evaluating', fraction: state.fraction, detail: state.layer });
      },
    });
  } catch (error) {
    if (signal.aborted) await connector.cancel(jobId).catch(() => {});
    throw error;
  }
}

/** Adds up the wall time of each stage, and throws `cancelled` between stages once the analysis is cancelled. */
class StageClock {
  readonly #signal: AbortSignal;
  readonly times: { -readonly [Stage in keyof StageTimes]: number } = {
    decode: 0,
    encode: 0,
    keygen: 0,
    encrypt: 0,
    upload: 0,
    evaluate: 0,
    decrypt: 0,
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async time<T>(stage: keyof StageTimes, work: () => Promise<T>): Promise<T> {
    if (this.#signal.aborted) throw new CxrError('cancelled');
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.times[stage] += performance.now() - started;
    }
  }
}
