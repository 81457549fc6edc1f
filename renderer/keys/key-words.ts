import type { ImportFacts, KeyCheck, KeyState, KeySummary } from '../../contract/ipc/vault.ts';
import type { AppStatus } from '../../contract/ipc/window.ts';
import { dayInWords } from '../../contract/words/day.ts';

/** A moment as the day on which it was: "1 Mar 2026". */
export const momentInWords = (moment: string): string => dayInWords(moment.slice(0, 10));

/** 12345 → "12,345". */
export const countInWords = (count: number): string => count.toLocaleString('en');

/** Where the keys are kept, and what that means for whoever uses them. */
export function placeInWords({ kept, opensWith }: KeyState, opensItself: AppStatus['opensItself']): string {
  if (!kept)
    return 'In the memory of this program only. The key is gone when the program ends, and the next start makes another.';
  const ways = [
    ...(opensWith.includes('system')
      ? [
          opensItself === 'file'
            ? 'by itself, for whoever can read this account’s files'
            : 'by itself, with this system’s keychain',
        ]
      : []),
    ...(opensWith.includes('passphrase') ? ['with the passphrase'] : []),
  ];
  return `In an encrypted file on this machine. It opens ${ways.join(', or ')}.`;
}

/** When the key should be changed. */
export function changeInWords(
  { due, created }: Pick<KeySummary, 'due' | 'created'>,
  { longestDays, budget }: Pick<KeyState, 'longestDays' | 'budget'>,
): string {
  if (due === 'age') return 'Now: the key has reached the age at which it should be changed.';
  if (due === 'decryptions') return 'Now: it has decrypted nearly as many results as it may.';
  const last = new Date(Date.parse(created) + longestDays * 24 * 3_600_000).toISOString();
  return `By ${momentInWords(last)}, or earlier if it nears ${countInWords(budget)} results.`;
}

/** Of a passphrase's score, from 0 to 4. */
export const strengthWords = [
  'Guessed at once',
  'Easily guessed',
  'Can be guessed',
  'Hard to guess',
  'Very hard to guess',
] as const;

/** What stands on the button beside the words on where keys are kept: the first thing that is to be done there. */
export function keyButtonWords({ standing, lock }: Pick<AppStatus, 'standing' | 'lock'>): string {
  if (lock === 'locked') return 'Unlock the keys';
  if (standing.kind !== 'trouble') return 'Keys';
  if (standing.error.code === 'key-locked') return 'Unlock the keys';
  if (standing.error.code === 'key-none') return 'Make a key';
  return standing.error.code === 'key-spent' ? 'Change the key' : 'Keys';
}

/** Whether somebody has typed the first two words of a key, by which the destruction of that key is confirmed. */
export function confirmsDestruction(typed: string, words: readonly string[]): boolean {
  const given = typed.trim().toLowerCase().split(/\s+/);
  return words.length >= 2 && given.length === 2 && given[0] === words[0] && given[1] === words[1];
}

/** The addresses in what somebody pasted: one a line, or with blanks or commas between them; each once. */
export const addressesIn = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).filter(Boolean))];

/** Whether a text has the form of an address; whether it is one, the engine finds out. */
export const looksLikeAddress = (text: string): boolean => /^age1(?:pq1)?[02-9ac-hj-np-z]{3,}$/.test(text);

/** What taking a key in would do; null where nothing stands against it and nothing changes either. */
export function takingInWords({ replaces, isKnown, counted, key }: ImportFacts): string | null {
  if (replaces === null && isKnown)
    return counted !== null && key.decryptions > counted
      ? `This key is in use here already. It has decrypted more results than is known here: ${countInWords(key.decryptions)} would count.`
      : null;
  const back = isKnown ? 'This key is on this workstation already, and would be in use again. ' : '';
  return replaces === null
    ? `${back}This key would be the one in use here.`
    : `${back}It would take the place of the key ${replaces.words.join(' ')}, which stays in the list of earlier keys.`;
}

/** The outcome of a check in one sentence. */
export function checkInWords({ matches, difference, limit }: KeyCheck): string {
  if (matches)
    return 'The key fits: a known question was encrypted, answered by the evaluator and decrypted, and the answer was right.';
  return difference === null
    ? 'The key does not fit: what came back could not be read.'
    : `The key does not fit: the answer differs by ${difference.toPrecision(2)}, and ${limit.toPrecision(2)} is allowed.`;
}
