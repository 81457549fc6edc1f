import { join } from 'node:path';
import type { z } from 'zod';
import {
  type Calibration,
  calibrationSchema,
  type Gate,
  gateSchema,
  type KnownAnswer,
  knownAnswerSchema,
  parseBundleFile,
} from '../contract/bundle.ts';
import { CxrError } from '../contract/errors.ts';
import { type FilmLimits, filmLimitsSchema } from '../contract/image/film-check.ts';

import { type Described, readDescription, readVerified } from './bundle.ts';

/** What a workstation opens of a bundle: how results are read, what may enter, and where the models lie. */
export type ClientHalf = Described & {
  readonly calibration: Calibration;
  readonly gate: Gate;
  readonly filmLimits: FilmLimits;
  readonly knownAnswer: KnownAnswer;
  readonly encoderPath: string;
  readonly decoderPath: string;
  readonly filmCheckPath: string;
};

/** Opens what a workstation needs: parameters, packings, calibration and the paths of verified models. */
export async function openClientHalf(folder: string): Promise<ClientHalf> {
  const described = await readDescription(folder, 'client');
  const files = [
    'client/calibration.json',
    'client/gate.json',
    'client/known-answer.json',
    'client/encoder.onnx',
    'client/decoder.onnx',
    'client/film-check.json',
    'client/film-check.onnx',
  ] as const;
  const verified = await readVerified(folder, described.description, files);
  const read = <T>(schema: z.ZodType<T>, index: number): T =>
    parseBundleFile(schema, Buffer.from(verified[index]!).toString('utf8'), files[index]!);
  const calibration = read(calibrationSchema, 0);
  const gate = read(gateSchema, 1);
  const knownAnswer = read(knownAnswerSchema, 2);
  const filmLimits = read(filmLimitsSchema, 5);
  const expected = described.description.output.count;
  for (const [file, got] of [
    [files[0], calibration.findings.length],
    [files[2], knownAnswer.logits.length],
  ] as const)
    if (got !== expected) throw new CxrError('bundle-invalid', { file, got, expected });
  return {
    ...described,
    calibration,
    gate,
    filmLimits,
    knownAnswer,
    encoderPath: join(folder, files[3]),
    decoderPath: join(folder, files[4]),
    filmCheckPath: join(folder, files[6]),
  };
}
