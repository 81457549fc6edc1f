import { describe, expect, it } from 'vitest';
import { DryBackend, type DryValue } from '../../../he/run/backends/dry.ts';
import { run } from '../../../he/run/run.ts';
import { PlaintextCache } from '../../../he/server/plaintext-cache.ts';
import { randomHefNet } from '../random-network.ts';
import { smallBundle } from '../small-bundle.ts';

const { program, ckks } = smallBundle(
  randomHefNet(3, { side: 16, widths: [8, 16], findings: 14, squeeze: 4, attention: true }),
).compiled;
const allBytes = program.plaintexts.reduce((sum, { values, level }) => sum + 16 * values.length * level, 0);

/** Counts plaintexts as they come and go. */
class Counting extends DryBackend {
  encoded = 0;
  /** Before the first run. */
  filled = 0;
  alive = new Set<DryValue>();
  most = 0;

  override encode = (_: Float64Array, level: number, scale: number): DryValue => {
    const plaintext = { level, scale };
    this.encoded += 1;
    this.alive.add(plaintext);
    this.most = Math.max(this.most, this.alive.size);
    return plaintext;
  };

  override releasePlaintext(plaintext?: DryValue): void {
    expect(this.alive.delete(plaintext!)).toBe(true);
  }
}

function runTwice(budgetBytes: number, isFilled = false) {
  const backend = new Counting(program.slotCount, ckks.dataPrimes);
  {
    const plaintextBytes = (level: number) => 8 * ckks.polyModulusDegree * level;
    const encoding = { backend, budgets: { plaintextBytes: budgetBytes }, plaintextBytes };
    using cache = new PlaintextCache<DryValue>(encoding, program.plaintexts);
    const inputs = Array.from({ length: program.inputCount }, () => backend.value(program.inputScale));
    if (isFilled) cache.fill();
    backend.filled = backend.encoded;
    for (const _ of [1, 2]) run(program, inputs, backend, (index) => cache.get(index));
  }
  return backend;
}

describe('plaintexts of a program', () => {
  const count = program.plaintexts.length;

  it('are encoded once when all fit', () => {
    const backend = runTwice(allBytes);
    expect([backend.encoded, backend.most, backend.alive.size]).toEqual([count, count, 0]);
  });

  it('can be encoded before the first run, as many as stay', () => {
    const backend = runTwice(allBytes, true);
    expect([backend.encoded, backend.filled, backend.alive.size]).toEqual([count, count, 0]);
    const half = runTwice(allBytes / 2, true);
    expect(half.filled).toBeGreaterThan(count / 4);
    expect(half.filled).toBeLessThan(count);
    expect(half.alive.size).toBe(0);
  });

  it('are never two at a time when none fits, even within one sum of many products', () => {
    expect(
      Math.max(...program.steps.map((step) => (step.op === 'sumOfProducts' ? step.terms.length : 0))),
    ).toBeGreaterThan(2);
    const backend = runTwice(0);
    expect([backend.encoded, backend.most, backend.alive.size]).toEqual([2 * count, 1, 0]);
  });

  it('are kept as far as the room goes', () => {
    const backend = runTwice(allBytes / 2);
    expect(backend.alive.size).toBe(0);
    expect(backend.most).toBeLessThan(count);
    expect(backend.encoded).toBeGreaterThan(count);
    // The second run encodes again only what was not kept; `most` counts the kept ones and one more.
    expect(backend.encoded).toBe(2 * count - (backend.most - 1));
  });
});
