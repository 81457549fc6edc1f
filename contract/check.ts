import { CxrError, type ErrorCode } from './errors.ts';

/** Ends a switch over a union: compiles only when every case is handled. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable case: ${String(value)}`);
}

/** Refuses an array whose length differs from the product of `shape`. */
export function checkShape(values: ArrayLike<number>, shape: readonly number[], code: ErrorCode): void {
  const expected = shape.reduce((product, side) => product * side, 1);
  if (values.length !== expected) throw new CxrError(code, { got: values.length, expected: shape });
}

/** Refuses NaN, infinities and magnitudes above `bound`; names only the index, never the value. */
export function checkRange(values: ArrayLike<number>, bound: number, code: ErrorCode): void {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]!;
    if (!(Math.abs(value) <= bound)) throw new CxrError(code, { index, bound });
  }
}
