import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { StageName } from '../../contract/stages.ts';
import { sampleStudy, withHeadless } from '../../main/host/headless.ts';

const root = join(import.meta.dirname, '..', '..');
const minutes = 60_000;

const demoSchema = z.object({
  findings: z
    .array(z.object({ name: z.string(), probability: z.number().min(0).max(1), logit: z.number() }))
    .length(14),
  precision: z.object({ maxAbsLogitError: z.number() }),
  parameters: z.object({ polyModulusDegree: z.number(), logQP: z.number(), securityBits: z.number() }),
  cost: z.object({
    levels: z.number(),
    rotations: z.number(),
    relinearizations: z.number(),
    plaintextProducts: z.number(),
  }),
  bytes: z.object({ evaluationKeys: z.number(), sent: z.number(), received: z.number() }),
  timesMs: z.object(
    Object.fromEntries(
      ['decode', 'encode', 'keygen', 'encrypt', 'upload', 'evaluate', 'decrypt'].map((stage) => [
        stage,
        z.number().positive(),
      ]),
    ),
  ),
});

describe('the shipped study through engine and evaluator processes', () => {
  it('is classified as on plain numbers, to 0.01 in every logit, at 128 bits', {
    timeout: 8 * minutes,
  }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['tools/demo.ts', '--json'], {
      cwd: root,
    });
    const demo = demoSchema.parse(JSON.parse(stdout));
    expect(demo.precision.maxAbsLogitError).toBeGreaterThan(0);
    expect(demo.precision.maxAbsLogitError).toBeLessThanOrEqual(0.01);
    expect(demo.parameters.securityBits).toBe(128);
    expect(demo.parameters.logQP).toBeLessThanOrEqual(430);
    expect(demo.cost.rotations).toBeGreaterThan(0);
    expect(demo.bytes.sent).toBeGreaterThan(1e6);
    expect(demo.bytes.received).toBeGreaterThan(1e5);
  });

  it('can be cancelled while the evaluator works, and the engine goes on', {
    timeout: 8 * minutes,
  }, async () => {
    await withHeadless(undefined, async ({ classify }) => {
      const abort = new AbortController();
      const stages: StageName[] = [];
      const cancelled = classify(await readFile(sampleStudy), {
        onProgress: ({ stage }) => {
          stages.push(stage);
          if (stage === 'evaluating') abort.abort();
        },
        signal: abort.signal,
      });
      await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
      expect(stages).toContain('evaluating');
      expect(stages).not.toContain('decrypting');
      await expect(classify(new Uint8Array(500))).rejects.toMatchObject({
        code: 'dicom-not-dicom',
      });
    });
  });
});
