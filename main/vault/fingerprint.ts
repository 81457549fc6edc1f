import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { derive } from './sealed.ts';

/** The name of a key: 32 bytes as hex digits, derived from its seed, from which nothing of the seed can be found. */
export const fingerprintOf = (seed: Uint8Array): string =>
  derive(seed, 'cipherfilm fingerprint/1').toString('hex');

/**
 * The first 66 bits of a fingerprint as six words to read aloud, 11 bits each, from BIP-39's English list. Whoever wants
 * another key with the same words has to try about 2^66 seeds.
 */
export const fingerprintWords = (fingerprint: string): string[] => wordsOf(fingerprint, 6);

/** The first 33 bits of the name of a set of shares, 32 hex digits, as three words to read aloud. */
export const setWords = (set: string): string[] => wordsOf(set, 3);

const wordsOf = (digits: string, count: number): string[] =>
  entropyToMnemonic(Buffer.from(digits.slice(0, 32), 'hex'), wordlist)
    .split(' ')
    .slice(0, count);
