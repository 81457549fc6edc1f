import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packSlots } from '../../../he/run/packed-slots.ts';

describe('packed slots', () => {
  const run = fc.record({ value: fc.double(), length: fc.integer({ min: 1, max: 9 }) });

  it('come back to the last bit, long runs and short ones, and do not follow the original', () => {
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 40 }), (runs) => {
        const values = Float64Array.from(runs.flatMap(({ value, length }) => Array(length).fill(value)));
        const original = new Uint8Array(values.slice().buffer);
        const packed = packSlots(values);
        values.fill(7);
        const target = new Float64Array(values.length).fill(3);
        packed.copyTo(target);
        expect(Buffer.compare(new Uint8Array(target.buffer), original)).toBe(0);
        expect([...packed.unpack()]).toEqual([...target]);
      }),
    );
  });

  it('keep zeros of either sign apart', () => {
    expect(Object.is(packSlots(Float64Array.of(0, 0, 0, -0, -0, -0)).unpack()[3], -0)).toBe(true);
  });
});
