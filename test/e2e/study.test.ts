import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { StageName } from '../../contract/stages.ts';
import { classify, openReader, sampleStudy, withHeadless } from '../../main/host/headless.ts';
import { hostileFilm } from '../main/reader/hostile-film.ts';

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
    await withHeadless(undefined, async ({ classify: classifyFile }) => {
      const abort = new AbortController();
      const stages: StageName[] = [];
      const cancelled = classifyFile(sampleStudy, {
        onProgress: ({ stage }) => {
          stages.push(stage);
          if (stage === 'evaluating') abort.abort();
        },
        signal: abort.signal,
      });
      await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
      expect(stages).toContain('evaluating');
      expect(stages).not.toContain('decrypting');
      await expect(classifyFile(join(root, 'package.json'))).rejects.toMatchObject({
        code: 'dicom-not-dicom',
      });
    });
  });

  it('keeps its engine and its key when files end the reader', { timeout: 8 * minutes }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cipherfilm-study-'));
    const deadly = join(folder, 'deadly.dcm');
    await writeFile(deadly, hostileFilm('die', 'decode'));
    try {
      await withHeadless(undefined, async ({ engine }) => {
        await using reader = openReader(join(root, 'test', 'main', 'reader', 'hostile-entry.ts'));
        const session = { engine, reader };
        const first = await classify(session, sampleStudy);
        const { pid } = engine;
        const readerPid = reader.pid;
        await expect(classify(session, deadly)).rejects.toMatchObject({ code: 'reader-crashed' });
        const second = await classify(session, sampleStudy);
        expect(reader.pid).not.toBe(readerPid);
        expect(engine.pid).toBe(pid);
        expect(second.keyId).toBe(first.keyId);
        // Keys that were made anew would have been sent.
        expect(first.bytes.evaluationKeys).toBeGreaterThan(0);
        expect(second.bytes.evaluationKeys).toBe(0);
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
