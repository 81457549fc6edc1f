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

/** A bundle's client half, opened, and the keys for it. */
export type Models = {
  readonly half: ClientHalf;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly keyring: Keyring;
};
/** The evaluator in use; another one may follow while the models stay open. */
export type Line = {
  readonly connector: Connector;
  readonly evaluator: { readonly url: string; readonly embedded: boolean };
};
/** Everything one analysis needs. */
export type Workstation = Models & Line;

export type AnalysisControl = {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly onAdmitted: (pair: InputPair) => void;
};

/**
 * The product in one function: reduced image → latent → encrypt → submit → await → decrypt → findings.
 * Only `submit` and `await` touch the network, and neither sees anything but ciphertext.
 *
 * @param input  as dicom/encoder-input.ts reads it, in a process that has no key.
 * @throws CxrError of the stage that refused; `cancelled` when `signal` aborts, after telling the evaluator to stop.
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
  const answer = await connector.fetchResult(jobId, payloadLimits(half.description).result, signal);

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

/** Both images in 8 bits, from [-1, 1]. */
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

/** Stops waiting for shared work when the analysis is cancelled; the work itself goes on for the next analysis. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(new CxrError('cancelled'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return promise;
}

/** Sends an analysis; one that is cancelled while its reply is on the way is found again by its frame and stopped. */
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

/** Waits for a job, passing on its progress; cancels it on the evaluator when the analysis is cancelled. */
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

/** Adds up wall time per stage and stops between stages once the analysis is cancelled. */
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
