import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import type { EncoderImage } from '../../contract/stages.ts';
import { openEncoder } from '../../native-models/encoder.ts';

const path = fileURLToPath(new URL('../../native-models/cxr-f8-r1/client/encoder.onnx', import.meta.url));
const present = existsSync(path);
const gray = (value: number, side = 256): EncoderImage => ({
  side: 256,
  values: new Float32Array(side * side).fill(value),
});
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof CxrError ? error.code : 'uncoded'),
  );

describe('opening an encoder', () => {
  it('refuses a file that is no model, without its path in the error', async () => {
    const error = await openEncoder(fileURLToPath(import.meta.url)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CxrError);
    expect((error as CxrError).code).toBe('bundle-invalid');
    expect((error as CxrError).message).not.toContain('test/native-models');
  });
});

describe.skipIf(!present)(`the bundle’s encoder${present ? '' : ' (skipped: no encoder.onnx here)'}`, () => {
  it('gives a finite 4×32×32 latent, the same twice', async () => {
    const encoder = await openEncoder(path);
    try {
      const latent = await encoder.encode(gray(0.25));
      expect(latent.shape).toEqual([4, 32, 32]);
      expect(latent.values).toHaveLength(4096);
      expect(latent.values.every(Number.isFinite)).toBe(true);
      expect((await encoder.encode(gray(0.25))).values).toEqual(latent.values);
    } finally {
      await encoder.dispose();
    }
  });
  it('refuses images of another size, outside [-1, 1], or not finite', async () => {
    const encoder = await openEncoder(path);
    try {
      expect(await codeOf(encoder.encode(gray(0, 128)))).toBe('latent-shape');
      expect(await codeOf(encoder.encode(gray(1.5)))).toBe('latent-range');
      expect(await codeOf(encoder.encode(gray(Number.NaN)))).toBe('latent-range');
    } finally {
      await encoder.dispose();
    }
  });
});
