import { randomBytes } from 'node:crypto';
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** Characters that are judged. The rest of a longer passphrase counts for nothing, so that judging stays fast. */
const judgedCharacters = 256;

/** Least score that may protect a key. It stands for more than 10^8 guesses, each of which costs a third of a second. */
export const leastScore = 3;

/**
 * The passphrase in Unicode's composed compatibility form (NFKC), in which keyboards that compose accents differently
 * agree. This form is judged and used, because a weak word in wide letters is the same weak word.
 */
export const normalised = (passphrase: string): string => passphrase.normalize('NFKC');

let judge: ZxcvbnFactory | undefined;

/**
 * Estimates how hard a passphrase is to guess (zxcvbn: common passwords, keyboard rows, dates, repetitions).
 *
 * @returns a score from 0, guessed at once, to 4, and the power of ten of the guesses.
 */
export function judgePassphrase(passphrase: string): { readonly score: number; readonly guesses: number } {
  judge ??= new ZxcvbnFactory({ dictionary: { ...dictionary }, graphs: adjacencyGraphs });
  const judged = normalised(passphrase).slice(0, judgedCharacters);
  const { score, guessesLog10 } = judge.check(judged, ['cipherfilm']);
  return { score, guesses: guessesLog10 };
}

/**
 * Draws six words of BIP-39's English list by chance, 66 bits: a passphrase for whoever would rather not think one up.
 * Of the twelve words of 16 bytes only the last depends on the others, by its checksum, and it is not among the six.
 */
export const suggestPassphrase = (): string =>
  entropyToMnemonic(randomBytes(16), wordlist).split(' ').slice(0, 6).join(' ');
