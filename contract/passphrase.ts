import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** Longest passphrase that is taken, characters. */
export const longestPassphrase = 256;

/** Least score that may protect a key: "safely unguessable", above 10^8 guesses, each of half a second. */
export const leastScore = 3;

let judge: ZxcvbnFactory | undefined;

/** How hard a passphrase is to guess: a score from 0 to 4 and the guesses' power of ten. */
export function judgePassphrase(passphrase: string): { readonly score: number; readonly guesses: number } {
  judge ??= new ZxcvbnFactory({ dictionary: { ...dictionary }, graphs: adjacencyGraphs });
  const { score, guessesLog10 } = judge.check(passphrase.slice(0, longestPassphrase), ['cipherfilm']);
  return { score, guesses: guessesLog10 };
}
