import { describe, expect, it } from 'vitest';

/** The examples are documentation that must not rot; the bounds lie about two bits below what they give. */
describe('the examples give the same as plain numbers', () => {
  it('1: encode and encrypt, at least 18 bits', async () => {
    const { main } = await import('../examples/01-encode-encrypt.ts');
    const result = await main();
    expect(result).toMatchObject({ securityBits: 128, slots: 4096, same: false });
    expect(result.minBits).toBeGreaterThan(18);
  });

  it('2: rotate and sum, at least 11 bits', async () => {
    const { main } = await import('../examples/02-rotate-and-sum.ts');
    const result = await main();
    expect(result.rotations).toBe(4);
    expect(result.minBits).toBeGreaterThan(11);
  });

  it('3: one convolution, at least 10 bits', async () => {
    const { main } = await import('../examples/03-one-convolution.ts');
    const result = await main();
    expect(Math.max(...result.plain.map(Math.abs))).toBeGreaterThan(0.05);
    expect(result.minBits).toBeGreaterThan(10);
  });

  it('4: a whole network, at least 13 bits', async () => {
    const { main } = await import('../examples/04-whole-network.ts');
    const result = await main();
    expect(result.cost.levels).toBe(5);
    expect(Math.max(...result.plain.map(Math.abs))).toBeGreaterThan(0.05);
    expect(result.minBits).toBeGreaterThan(13);
  });
});
