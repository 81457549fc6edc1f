import type { Digest } from '../../contract/ids/digest.ts';
import type { AnalysisResult, EngineInput, InputPair } from '../../contract/stages.ts';
import { decrypt, encrypt } from '../../he/client/encryption.ts';
import { admit } from './input-gate.ts';
import { ask, provideKeys } from './remote-steps.ts';
import { movedSince, pairOf, toResult } from './result.ts';
import { StageClock, type Watch } from './stage-clock.ts';
import type { Workstation } from './station.ts';

/** How a caller follows an analysis and stops it. */
export type AnalysisControl = Watch & {
  /** The question that an earlier run sent for the same image; null for a new analysis. */
  readonly asked: Digest | null;
  /** Hears the image as the model sees it, once the input gate has let it through. */
  readonly onAdmitted: (pair: InputPair) => void;
  /**
   * Hears the digest of the encrypted question once it is kept on disk, before it is sent. It hears null where the way
   * back was lost, before the result is decrypted.
   */
  readonly onAsked: (question: Digest | null) => void;
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
  const { half, connector, keyring, outbox } = station;
  const clock = new StageClock(control);
  const before = connector.bytes;

  clock.at('encoding');
  const { latent, verdict, lay, ...seen } = await clock.time('encode', () => admit(input, station, half));
  control.onAdmitted(pairOf(seen));

  // After a restart the question may have been asked before; a reply that came needs nobody any more.
  const earlier = control.asked && outbox.find(control.asked, (await keyring.keys()).evaluation.keyId);
  const keys = await (earlier?.reply ? keyring.keys() : provideKeys(station, clock));
  const { holder, evaluation } = keys;

  clock.at('encrypting');
  const question = await clock.time(
    'encrypt',
    () => earlier?.question ?? encrypt(latent, holder, evaluation.keyId, half.id, half.description),
  );
  if (outbox.keep(question)) control.onAsked(question.digest);
  // The level of the result takes a moment to open, and is opened while the evaluator works.
  const openResultLevel = () => void holder.at(half.description.result.primes);
  const reply = earlier?.reply ?? (await ask(station, question, clock, openResultLevel));
  if (!earlier?.reply && !outbox.keepReply(question.digest, reply)) control.onAsked(null);

  // From here on nothing goes to the evaluator: what was decrypted must not influence what it sees.
  clock.at('decrypting');
  await keyring.countDecryption();
  const logits = await clock.time('decrypt', () =>
    decrypt(reply.answer, question, holder, half.id, half.description),
  );
  const bytes = movedSince(before, connector.bytes);
  const { times } = clock;
  const result = toResult(station, { input, verdict, lay, keys, question, reply, logits, bytes, times });
  clock.at('done', 1);
  return result;
}
