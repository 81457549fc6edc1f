import { CxrError } from '../../contract/errors.ts';
import type { JobId } from '../../contract/ids/job-id.ts';
import type { EncryptedLatent } from '../../contract/stages.ts';
import { type KeyBytes, payloadLimits, predictKeyBytes } from '../../he/wire/sizes.ts';
import type { ClientHalf } from '../../native-models/client-half.ts';
import type { Connector } from '../connector/connector.ts';
import type { Reply } from '../connector/outbox.ts';
import type { Keyring, Keys } from './keyring.ts';
import type { StageClock } from './stage-clock.ts';
import type { Workstation } from './station.ts';

/**
 * The steps of an analysis that touch the evaluator. Each takes the clock, which tells progress and carries the signal
 * that cancels.
 */

/**
 * Makes the keys unless they are there, and uploads the evaluation keys unless the evaluator has them. Progress and
 * times tell of keys only what this analysis did about them.
 *
 * @throws CxrError `bundle-unknown` before any key is made, when the evaluator does not serve the model; `cancelled`;
 *         and the errors of `Connector.ensureKeys`.
 */
export async function provideKeys(station: KeyStation, clock: StageClock): Promise<Keys> {
  const { half, connector } = station;
  // Before key generation, the longest step here: is anybody there, with this bundle?
  await clock.time('upload', () => connector.ensureBundle(half.id, clock.signal));
  return bringKeys(station, clock);
}

/** Does what `provideKeys` does, for an evaluator that is known to serve the model. */
export async function bringKeys({ half, keyring, connector }: KeyStation, clock: StageClock): Promise<Keys> {
  const keys = keyring.keyId === null ? await makeKeys(half, keyring, clock) : await keyring.keys();
  const { frame, keyId } = keys.evaluation;
  const onUpload = (fraction: number) => clock.at('uploading-keys', fraction);
  await clock.time('upload', () => connector.ensureKeys(frame, keyId, onUpload, clock.signal));
  return keys;
}

type KeyStation = {
  readonly half: ClientHalf;
  readonly keyring: Keyring;
  readonly connector: Connector;
};

async function makeKeys(half: ClientHalf, keyring: Keyring, clock: StageClock): Promise<Keys> {
  const size = sizeInWords(predictKeyBytes(half.description));
  const onMade = (fraction: number) => clock.at('generating-keys', fraction, size);
  const keys = await keyring.keys(onMade, clock.signal);
  clock.times.keygen = keys.generatedInMs;
  return keys;
}

const sizeInWords = ({ transferBytes }: KeyBytes): string =>
  `about ${Math.ceil(transferBytes / 1e6)} MB to upload once`;

/**
 * Asks the evaluator a question: sends it, waits for its job and fetches the reply. It asks again where the evaluator has
 * lost the job.
 *
 * @param onSent  called once the evaluator has the question, for work that this process can do meanwhile.
 * @throws CxrError as `Connector.submit`, `Connector.await` and `Connector.fetchResult`; `cancelled`.
 */
export async function ask(
  { half, connector }: Workstation,
  question: EncryptedLatent,
  clock: StageClock,
  onSent: () => void = () => {},
): Promise<Reply> {
  const askOnce = async (): Promise<Reply> => {
    const jobId = await submit(connector, question, clock);
    onSent();
    const { cost, evaluateMs } = await awaitJob(connector, jobId, clock);
    clock.at('receiving');
    const limit = payloadLimits(half.description).result;
    return { jobId, cost, evaluateMs, answer: await connector.fetchResult(jobId, limit, clock.signal) };
  };
  return askAgainWhereLost(askOnce);
}

const mostAsked = 3;

/**
 * Asks again where the evaluator has lost the job: its record, input, keys or result was damaged. The same frame makes the
 * same job, so nothing is computed twice that was not lost. Nothing was decrypted by then.
 */
async function askAgainWhereLost(askOnce: () => Promise<Reply>): Promise<Reply> {
  for (let asked = 1; ; asked += 1) {
    try {
      return await askOnce();
    } catch (error) {
      const isLost = error instanceof CxrError && error.code === 'job-unknown';
      if (!isLost || asked === mostAsked) throw error;
    }
  }
}

/**
 * Sends the question, which is the encrypted latent. When the analysis is cancelled while the reply is on its way, the
 * same frame is sent again to learn the job's id, and the job is stopped.
 *
 * @throws CxrError as `Connector.submit`.
 */
async function submit(connector: Connector, question: EncryptedLatent, clock: StageClock): Promise<JobId> {
  clock.at('sending');
  try {
    return await clock.time('upload', () => connector.submit(question.frame, clock.signal));
  } catch (error) {
    if (clock.signal.aborted) {
      await connector.submit(question.frame).then(
        (jobId) => connector.cancel(jobId),
        () => {},
      );
    }
    throw error;
  }
}

/**
 * Waits for a job and passes its progress on. A cancelled analysis cancels its job on the evaluator too.
 *
 * @returns the state `done`, with what the evaluation cost and how long it took.
 * @throws  CxrError as `Connector.await`.
 */
async function awaitJob(connector: Connector, jobId: JobId, clock: StageClock) {
  try {
    return await connector.await(jobId, {
      signal: clock.signal,
      onState: (state) => {
        if (state.kind === 'queued') clock.at('queued', null, `${state.ahead} ahead`);
        if (state.kind === 'running') clock.at('evaluating', state.fraction, state.layer);
      },
    });
  } catch (error) {
    if (clock.signal.aborted) await connector.cancel(jobId).catch(() => {});
    throw error;
  }
}
