import { expect } from 'vitest';
import { CxrError } from '../../contract/errors.ts';

/** The coded error that something throws or rejects with; fails the test for anything else. */
export async function refusalOf(action: () => unknown): Promise<CxrError> {
  try {
    await action();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(CxrError);
    return thrown as CxrError;
  }
  expect.fail('nothing was refused');
}
