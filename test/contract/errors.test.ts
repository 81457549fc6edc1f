import { describe, expect, it } from 'vitest';
import type { ErrorDetails } from '../../contract/error-details.ts';
import {
  type CodedError,
  CxrError,
  type ErrorCode,
  errorCodes,
  toCodedError,
} from '../../contract/errors.ts';

describe('an error with a code', () => {
  it('has details for every code of the list and for no other', () => {
    // Details without a code in the list would not compile here; a code without details does not compile in the list.
    const missing: Exclude<keyof ErrorDetails, ErrorCode> extends never ? 'none' : 'some' = 'none';
    expect([missing, new Set(errorCodes).size]).toEqual(['none', errorCodes.length]);
  });

  it('carries the details of its code, which the compiler checks', () => {
    const error = new CxrError('queue-full', { got: 9, expected: 8 });
    // Typed by the code: `got` is a number here without a cast.
    const over: number = error.detail.got! - error.detail.expected!;
    expect(over).toBe(1);
    // @ts-expect-error details of another code
    new CxrError('queue-full', { holder: 1 });
    // @ts-expect-error details that this code must have
    new CxrError('data-folder-in-use');
    // @ts-expect-error details of a code that has none
    new CxrError('engine-crashed', { holder: 1 });
    // @ts-expect-error a code that is not in the list
    new CxrError('no-such-code');
  });

  it('crosses a process border as code and details and comes back the same', () => {
    const told: CodedError = toCodedError(new CxrError('params-invalid', { field: 'primes', index: 2 }));
    expect(told).toEqual({ code: 'params-invalid', detail: { field: 'primes', index: 2 } });
    expect(CxrError.from(structuredClone(told)).coded).toEqual(told);
  });

  it('says nothing but code and details', () => {
    expect(new CxrError('cancelled').message).toBe('cancelled');
    expect(new CxrError('frame-truncated', { got: 3 }).message).toBe('frame-truncated {"got":3}');
    expect(toCodedError(new RangeError('Doe^Jane'))).toEqual({
      code: 'internal',
      detail: { kind: 'RangeError' },
    });
  });
});
