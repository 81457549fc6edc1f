import { CxrError, type ErrorCode } from './errors.ts';

/**
 * Ends a switch over a union. The call compiles only when the cases above it handle every member of the union.
 *
 * @throws TypeError if it runs all the same, because a value from outside was not checked.
 */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable case: ${String(value)}`);
}

/**
 * Refuses an array whose length differs from the product of the sides in `shape`.
 *
 * @throws CxrError `code` with the length and the expected shape.
 */
export function checkShape(values: ArrayLike<number>, shape: readonly number[], code: ErrorCode): void {
  const expected = shape.reduce((product, side) => product * side, 1);
  if (values.length !== expected) throw new CxrError(code, { got: values.length, expected: shape });
}

/**
 * Refuses an array that holds NaN, an infinity or a magnitude above `bound`.
 *
 * @throws CxrError `code`. The error names the index of the first such value, never the value itself.
 */
export function checkRange(values: ArrayLike<number>, bound: number, code: ErrorCode): void {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]!;
    if (!(Math.abs(value) <= bound)) throw new CxrError(code, { index, bound });
  }
}
