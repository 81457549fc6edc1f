/**
 * Draws reproducible random weights, uniform in [−spread, spread). Circuits whose weights are not trained yet use them.
 * Value i is spread·(h/2^31 − 1), rounded to float32, where h = mix(i + mix(seed)) and mix is the 32-bit finaliser of
 * MurmurHash3.
 *
 * @param size  number of weights.
 * @param seed  an unsigned 32-bit integer.
 */
export function seededTensor(size: number, seed: number, spread: number): Float64Array {
  const start = mix32(seed);
  return Float64Array.from({ length: size }, (_, index) =>
    Math.fround(spread * (mix32((index + start) >>> 0) / 2 ** 31 - 1)),
  );
}

function mix32(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
