import { join } from 'node:path';
import type { Custody } from '../../contract/ipc/custody.ts';
import { decrypt, sumRegions } from '../../he/client/encryption.ts';
import { KeyHolder } from '../../he/client/keys.ts';
import { frameDigest } from '../../he/wire/frame.ts';
import { bundleRoot } from '../../main/host/headless.ts';
import { Vault } from '../../main/vault/vault.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import type { Recorded } from './recording-evaluator.ts';

/**
 * Decrypts what passed between some workstation and its evaluator with the key in use of a data folder.
 *
 * @param passphrase  opens the vault; null where its custody does.
 * @returns one logit per finding.
 * @throws CxrError as `decrypt`: another key reads noise, which is out of range.
 */
export async function readByKeyOf(
  custody: Custody,
  passphrase: string | null,
  { question, answer }: Recorded,
): Promise<Float64Array> {
  const { id, description, knownAnswer } = await openClientHalf(join(bundleRoot, 'cxr-f8-r1'));
  using vault = await Vault.open(custody);
  if (passphrase !== null) await vault.unlock(passphrase);
  const active = vault.body.keys.find(({ state }) => state === 'active');
  if (active === undefined) throw new TypeError('no key is in use there');
  using holder = await KeyHolder.restore(description, vault.seed(active.fingerprint));
  const asked = { frame: question, digest: frameDigest(question) };
  return sumRegions(decrypt({ frame: answer }, asked, holder, id, description), knownAnswer.logits.length);
}
