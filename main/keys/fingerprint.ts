import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { derive } from './sealed.ts';

/** What a key is called: 32 bytes from which nothing of it can be found, as hex digits. */
export const fingerprintOf = (seed: Uint8Array): string =>
  derive(seed, 'cipherfilm fingerprint/1').toString('hex');

/** The first eight bytes' worth of a fingerprint as six words to read aloud: 66 bits, from BIP-39's English list. */
export function fingerprintWords(fingerprint: string): string[] {
  const words = entropyToMnemonic(Buffer.from(fingerprint.slice(0, 32), 'hex'), wordlist);
  return words.split(' ').slice(0, 6);
}
