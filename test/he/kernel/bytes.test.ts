import { describe, expect, it } from 'vitest';
import { runMutations } from './byte-mutations.ts';

describe('mutated keys and ciphertexts', () => {
  it('are refused with a code, or are as good as valid ones; the memory does not grow', async () => {
    const { refused, accepted, fields } = await runMutations(20_000, 11);
    expect(refused).toBeGreaterThan(10_000);
    // Another residue or seed is another key: nothing that bytes could tell.
    expect(accepted).toBeGreaterThan(1_000);
    expect(Object.keys(fields).length).toBeGreaterThan(15);
  });
});
