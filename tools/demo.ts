import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toCodedError } from '../contract/errors.ts';
import { reduceToEncoderImage } from '../dicom/display/reduce.ts';
import { toRadiograph } from '../dicom/radiograph.ts';
import { measurePrecision } from '../he/precision.ts';
import { progressLines } from '../main/cli/progress-lines.ts';
import { reportLines } from '../main/cli/report.ts';
import { clearLogits } from '../main/engine/clear-reference.ts';
import { exitOnSignals } from '../main/files/temporary-folder.ts';
import { bundleRoot, sampleStudy, withHeadless } from '../main/host/headless.ts';
import { openEncoder } from '../native-models/encoder.ts';
import { openServerHalf } from '../native-models/server-half.ts';
import { readOptions } from './command-options.ts';

/**
 * Classifies the shipped radiograph through an evaluator process and compares with the same program on plain numbers.
 * `--json` prints one object on standard output; progress goes to standard error.
 */
const { json: asJson } = readOptions('usage: npm run demo [-- --json]', {
  json: { type: 'boolean', default: false },
});
const note = (line: string) => process.stderr.write(`  ${line}\n`);

async function demonstrate(): Promise<void> {
  const bytes = await readFile(sampleStudy);
  const { result, bundleName } = await withHeadless(undefined, async (session) => {
    const { engine, evaluator, bundleName } = session;
    note(`evaluator process ${evaluator.pid} at ${evaluator.url}, engine process ${engine.pid}`);
    return { result: await session.classify(bytes, { onProgress: progressLines(note) }), bundleName };
  });
  const clear = await classifyInClear(bytes, join(bundleRoot, bundleName));
  const precision = measurePrecision(
    result.findings.map(({ logit }) => logit),
    clear,
  );
  if (asJson) {
    const { findings, parameters, cost, bytes: moved, timesMs } = result;
    const pick = findings.map(({ name, probability, logit }) => ({ name, probability, logit }));
    const maxAbsLogitError = precision.maxAbsError;
    process.stdout.write(
      `${JSON.stringify({ findings: pick, precision: { maxAbsLogitError }, parameters, cost, bytes: moved, timesMs })}\n`,
    );
    return;
  }
  process.stdout.write(`\nNIH ChestX-ray 00000002_000 (DX), classified under encryption\n`);
  process.stdout.write(`${reportLines(result).join('\n')}\n`);
  process.stdout.write(
    `Precision   encrypted and clear logits differ by at most ${precision.maxAbsError.toExponential(2)} (logits leave the engine rounded to 2^-10)\n`,
  );
}

async function classifyInClear(bytes: Uint8Array, folder: string): Promise<Float64Array> {
  const encoder = await openEncoder(join(folder, 'client', 'encoder.onnx'));
  const latent = await encoder.encode(reduceToEncoderImage(await toRadiograph(bytes)));
  await encoder.dispose();
  return clearLogits(await openServerHalf(folder), latent.values);
}

try {
  exitOnSignals();
  await demonstrate();
} catch (error) {
  process.stderr.write(`demo: ${JSON.stringify(toCodedError(error))}\n`);
  process.exitCode = 1;
}
