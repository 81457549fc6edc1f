import type {
  DestructionProof,
  ImportFacts,
  KeyCheck,
  KeyState,
  KeySummary,
} from '../../../contract/ipc/vault.ts';
import { olderSealing } from '../../../contract/words/sealing.ts';

const day = (iso: string): string => iso.slice(0, 10);
const named = (label: string): string => (label === '' ? '' : `, “${label}”`);
const openers = { system: 'a key on this machine', passphrase: 'a passphrase' } as const;
const reasons = {
  decryptions: 'it has decrypted many results: rotate it',
  age: 'it is a year old or more: rotate it',
} as const;

/** Lines about one key. */
export function keyLines(key: KeySummary, budget: number): string[] {
  const { fingerprint, words, label, generation, created, origin, state, decryptions, due } = key;
  return [
    `${state === 'active' ? 'in use ' : 'retired'}  ${words.join(' ')}${named(label)}`,
    `         ${fingerprint}`,
    `         number ${generation}, ${origin} ${day(created)}, decrypted ${decryptions} of ${budget}`,
    ...(due === null ? [] : [`         ${reasons[due]}`]),
  ];
}

/** Lines about the vault and all its keys. */
export function stateLines({ kept, opensWith, keys, destroyed, budget }: KeyState): string[] {
  if (!kept && keys.length === 0) return ['No keys are kept here yet.'];
  return [
    `Opens with ${opensWith.map((opener) => openers[opener]).join(' or ')}.`,
    ...(keys.length === 0 ? ['There is no key.'] : keys.flatMap((key) => keyLines(key, budget))),
    ...destroyed.map(
      (key) =>
        `destroyed ${day(key.destroyed)}  ${key.words.join(' ')}${named(key.label)}, number ${key.generation}`,
    ),
  ];
}

/** Lines about the key in a file, for a person who compares them with the workstation that it comes from. */
export function factLines({ key, parametersMatch, replaces, isKnown, sealing }: ImportFacts): string[] {
  return [
    `Words        ${key.words.join(' ')}`,
    `Fingerprint  ${key.fingerprint}`,
    `Key          number ${key.generation}${named(key.label)}, made ${day(key.created)}, decrypted ${key.decryptions}`,
    ...(parametersMatch ? [] : ['It belongs to another model and cannot be taken in here.']),
    ...(sealing === 'x25519' ? [olderSealing] : []),
    ...(isKnown ? ['This key is here already.'] : []),
    ...(replaces === null
      ? []
      : [`It takes the place of: ${replaces.words.join(' ')}${named(replaces.label)}`]),
  ];
}

/** Lines about a key that was destroyed. */
export const proofLines = (proof: DestructionProof): string[] => [
  `Destroyed    ${proof.words.join(' ')}${named(proof.label)}`,
  `Fingerprint  ${proof.fingerprint}`,
  `Vault        ${proof.vaultBefore ?? 'no file'} before, ${proof.vaultAfter ?? 'no file'} now (SHA-256)`,
  proof.evaluatorTold
    ? 'Evaluator    holds no evaluation keys of it any more'
    : 'Evaluator    not reached; it is told when it is reached next',
];

/** Lines about a check of the key with the evaluator. */
export const checkLines = ({ fingerprint, evaluator, difference, limit, matches }: KeyCheck): string[] => [
  matches ? 'The keys belong together.' : 'The keys do NOT belong together.',
  `Fingerprint  ${fingerprint}`,
  `Evaluator    ${evaluator}`,
  `Difference   ${difference === null ? 'nothing readable came back' : difference}, at most ${limit} may be`,
];
