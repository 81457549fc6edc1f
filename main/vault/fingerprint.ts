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
export function fingerprintWords(fingerprint: string): string[] {
  const words = entropyToMnemonic(Buffer.from(fingerprint.slice(0, 32), 'hex'), wordlist);
  return words.split(' ').slice(0, 6);
}
