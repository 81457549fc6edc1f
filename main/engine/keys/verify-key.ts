import type { KeyCheck } from '../../../contract/ipc/vault.ts';
import { decrypt, encrypt, sumRegions } from '../../../he/client/encryption.ts';
import { knownLatent } from '../../../he/client/known-latent.ts';
import { logitStep } from '../findings.ts';
import { ask, provideKeys } from '../remote-steps.ts';
import type { StageClock } from '../stage-clock.ts';
import type { Workstation } from '../station.ts';

/** The most by which a logit may differ from the known one: ten bits of precision. */
const limit = 2 ** -10;

/**
 * Checks that the secret key here and the evaluation keys at the evaluator belong together: a latent that everybody
 * knows is encrypted, evaluated and decrypted, and its logits are compared with the known ones. The evaluator cannot
 * tell the question from a study, and is told nothing of the outcome.
 *
 * @throws CxrError as `provideKeys`, `ask` and `Keyring.countDecryption`; `cancelled`.
 */
export async function verifyKey(station: Workstation, clock: StageClock): Promise<KeyCheck> {
  const { half, keyring, evaluator } = station;
  const { holder, evaluation, fingerprint } = await provideKeys(station, clock);
  const { id, description, knownAnswer } = half;
  const { channels, height, width } = description.input;
  const latent = { shape: [channels, height, width], values: knownLatent(description.input) } as const;
  const question = encrypt(latent, holder, evaluation.keyId, id, description);
  const { answer } = await ask(station, question, clock);
  await keyring.countDecryption();
  const difference = differenceFrom(knownAnswer.logits, () =>
    sumRegions(decrypt(answer, question, holder, id, description), knownAnswer.logits.length),
  );
  const matches = difference !== null && difference <= limit;
  return { fingerprint, evaluator: evaluator.url, difference, limit, matches };
}

/**
 * The largest difference, rounded up to the step of every logit that is shown. A wrong key decrypts to noise, which
 * `decrypt` refuses as out of range: null.
 */
function differenceFrom(known: readonly number[], decrypted: () => Float64Array): number | null {
  try {
    const logits = decrypted();
    const largest = Math.max(...known.map((logit, index) => Math.abs(logit - logits[index]!)));
    return Math.ceil(largest / logitStep) * logitStep;
  } catch {
    return null;
  }
}
