import type { AnalysisResult, EngineInput, InputPair } from '../../contract/stages.ts';
import { decrypt, encrypt } from '../../he/client/encryption.ts';
import { admit } from './input-gate.ts';
import { awaitJob, fetchAnswer, provideKeys, submit } from './remote-steps.ts';
import { movedSince, pairOf, toResult } from './result.ts';
import { StageClock, type Watch } from './stage-clock.ts';
import type { Workstation } from './station.ts';

/** How a caller follows an analysis and stops it. */
export type AnalysisControl = Watch & {
  /** Hears the image as the model sees it, once the input gate has let it through. */
  readonly onAdmitted: (pair: InputPair) => void;
};

/**
 * Analyses one image: reduced image → latent → ciphertext → job → encrypted logits → findings. This is the product in
 * one function. The steps of remote-steps.ts touch the network, and they see nothing but ciphertext and public keys.
 *
 * @param input    the image as dicom/encoder-input.ts reduced it, in a process that has no key.
 * @param station  the models, the keys and the evaluator.
 * @throws         CxrError with the code of the stage that refused; `cancelled` when the signal aborts, after the
 *                 evaluator was told to stop.
 */
export async function analyse(
  input: EngineInput,
  station: Workstation,
  control: AnalysisControl,
): Promise<AnalysisResult> {
  const { half, connector } = station;
  const clock = new StageClock(control);
  const before = connector.bytes;

  clock.at('encoding');
  const admitted = await clock.time('encode', () => admit(input, station, half.gate));
  control.onAdmitted(pairOf(admitted));

  const keys = await provideKeys(station, clock);
  const { holder, evaluation } = keys;

  clock.at('encrypting');
  const question = await clock.time('encrypt', () =>
    encrypt(admitted.latent, holder, evaluation.keyId, half.id, half.description),
  );

  const jobId = await submit(connector, question, clock);
  const done = await awaitJob(connector, jobId, clock);
  const answer = await fetchAnswer(station, jobId, clock);

  // From here on nothing goes to the evaluator: what was decrypted must not influence what it sees.
  clock.at('decrypting');
  const logits = await clock.time('decrypt', () =>
    decrypt(answer, question, holder, half.id, half.description),
  );
  const bytes = movedSince(before, connector.bytes);
  const { verdict } = admitted;
  const { times } = clock;
  const all = { input, verdict, keys, jobId, question, answer, done, logits, bytes, times };
  const result = toResult(station, all);
  clock.at('done', 1);
  return result;
}
