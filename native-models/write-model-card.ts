import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openClientHalf } from './bundle.ts';

/**
 * Writes MODEL_CARD.md of a bundle from what was measured: training/results.json (training/evaluate.py) and
 * docs/results/*.json (npm run evaluate). No figure is typed by hand.
 * Usage: node native-models/write-model-card.ts
 */
const root = join(import.meta.dirname, '..');
const bundleFolder = join(root, 'native-models', 'cxr-f8-r1');

const interval = z.tuple([z.number(), z.number()]).nullable();
const split = z.object({
  images: z.number(),
  patients: z.number(),
  macroAuroc: z.number(),
  macroInterval95: interval,
  macroOver: z.number(),
  findings: z.record(
    z.string(),
    z.object({ positives: z.number(), auroc: z.number().nullable(), interval95: interval }),
  ),
});
const classifier = z.object({
  what: z.string(),
  parameters: z.number(),
  training: z.object({ seconds: z.number() }).loose(),
  val: split,
  test: split,
});
const quality = z.object({ images: z.number(), psnr: z.number(), ssim: z.number() }).loose();
const resultsSchema = z.object({
  data: z.record(z.string(), z.object({ images: z.number(), patients: z.number() }).loose()),
  vqgan: z
    .object({
      encoderParameters: z.number(),
      decoderParameters: z.number(),
      steps: z.number(),
      seconds: z.number(),
      px128Val: quality,
      px256Val: quality,
      codebook: z.object({ codes: z.number(), usedOnVal: z.number() }),
    })
    .loose(),
  latent: z.object({ encoderOnnxBytes: z.number(), decoderOnnxBytes: z.number() }).loose(),
  classifiers: z.record(z.string(), classifier),
});
const measured = z.object({ macroAuroc: z.number(), low: z.number(), high: z.number() }).loose();
const scoredSchema = z.object({
  bundle: z.string(),
  split: z.string(),
  images: z.number(),
  patients: z.number(),
  findingsWithBothClasses: z.number(),
  clear: measured,
  encrypted: measured.nullable(),
  maxAbsLogitError: z.number().nullable(),
});
type Scored = z.infer<typeof scoredSchema>;

const read = async <T>(schema: z.ZodType<T>, file: string): Promise<T> =>
  schema.parse(JSON.parse(await readFile(join(root, file), 'utf8')));
const three = (value: number): string => value.toFixed(3);
const range = (pair: readonly [number, number] | null): string =>
  pair === null ? '–' : `${three(pair[0])}–${three(pair[1])}`;

const { id, description, calibration } = await openClientHalf(bundleFolder);
const claimed = calibration.findings.filter(({ claimable }) => claimable).map(({ name }) => name);
const results = await read(resultsSchema, 'training/results.json');
const scored: Scored[] = [];
for (const name of ['val-clear', 'test-clear', 'test-encrypted']) {
  const one = await read(scoredSchema, `docs/results/${name}.json`);
  if (one.bundle !== id)
    throw new Error(`docs/results/${name}.json was measured on another bundle: run it again`);
  scored.push(one);
}

const { vqgan, latent, data, classifiers } = results;
const hefnet = classifiers.hefnet!;
const findingRows = Object.entries(hefnet.test.findings).map(([name, test]) => {
  const val = hefnet.val.findings[name]!;
  const show = (one: typeof test) =>
    `${one.positives} | ${one.auroc === null ? '–' : three(one.auroc)} | ${range(one.interval95)}`;
  return `| ${name} | ${show(val)} | ${show(test)} |`;
});
const modelRows = Object.values(classifiers).map(
  ({ what, parameters, val, test }) =>
    `| ${what} | ${parameters} | ${three(val.macroAuroc)} (${range(val.macroInterval95)}) | ${three(test.macroAuroc)} (${range(test.macroInterval95)}) |`,
);
const pathRows = scored.map((one) => {
  const { encrypted } = one;
  const under =
    encrypted === null ? '–' : `${three(encrypted.macroAuroc)} (${range([encrypted.low, encrypted.high])})`;
  const error = one.maxAbsLogitError === null ? '–' : one.maxAbsLogitError.toExponential(1);
  const clear = `${three(one.clear.macroAuroc)} (${range([one.clear.low, one.clear.high])})`;
  return `| ${one.split} | ${one.images} | ${one.patients} | ${one.findingsWithBothClasses} | ${clear} | ${under} | ${error} |`;
});
const dataRows = Object.entries(data).map(
  ([name, { images, patients }]) => `| ${name} | ${images} | ${patients} |`,
);
const minutes = (seconds: number): string => `${Math.round(seconds / 60)} min`;

const card = `# Model card: ${description.name}

**Research use only. Not a medical device.** Bundle ${id}.

A first, honest model: it shows the whole path working on real data. Its accuracy is far from clinical use.

## What it does

A frontal chest radiograph, reduced to 128 × 128, is encoded by a VQGAN (f = 8) into a 4 × 32 × 32 latent (the
un-quantised encoder output) and classified by HefNet-R with a shallow squeeze-and-excitation gate and learned degree-2
activations, under CKKS encryption, into the 14 findings of NIH ChestX-ray14.

The application claims only findings with at least 100 positive training images whose AUROC on val is clearly above
chance (95 % interval above 0.5): ${claimed.join(', ')}. The others are listed without a claim.

Encrypted run: ${description.cost.levels} levels, ${description.cost.rotations} rotations, ${description.evaluationKeys.rotations.length} rotation keys, ${description.cost.plaintextProducts} plaintext products,
N = ${description.ckks.polyModulusDegree}.

## Data

NIH ChestX-ray14, provided by the NIH Clinical Center (https://nihcc.app.box.com/v/ChestXray-NIHCC); X. Wang et al.,
"ChestX-ray8", CVPR 2017. Labels are text-mined and about 90 % accurate. Splits are patient-disjoint; test images come
from NIH's official test list and are harder than val. Everything was chosen on val.

| part | images | patients |
|---|---|---|
${dataRows.join('\n')}

## VQGAN

Encoder ${vqgan.encoderParameters} parameters (${latent.encoderOnnxBytes} bytes of ONNX), decoder ${vqgan.decoderParameters}; ${vqgan.steps} steps, ${minutes(vqgan.seconds)} on two CPU cores.
PSNR / SSIM on val: ${vqgan.px128Val.psnr} dB / ${vqgan.px128Val.ssim} (128 px, ${vqgan.px128Val.images} images), ${vqgan.px256Val.psnr} dB / ${vqgan.px256Val.ssim} (256 px, ${vqgan.px256Val.images} images).
Codebook: ${vqgan.codebook.usedOnVal} of ${vqgan.codebook.codes} codes used on val.

## Accuracy, plaintext

Macro-AUROC with 95 % intervals (1,000 bootstrap draws of patients), PyTorch:

| model | parameters | val | test |
|---|---|---|---|
${modelRows.join('\n')}

## Accuracy through the application's own path

\`npm run evaluate\`: JPEG decoding, reduction, ONNX encoder, compiled program. *Clear* runs the program on plain numbers,
*encrypted* through keys, ciphertexts and an evaluator process; on the same images. The mean is over the findings that
have both classes among these images.

| split | images | patients | findings | clear | encrypted | largest logit difference |
|---|---|---|---|---|---|---|
${pathRows.join('\n')}

## Per finding, plaintext

| finding | val positives | val AUROC | interval | test positives | test AUROC | interval |
|---|---|---|---|---|---|---|
${findingRows.join('\n')}

## Limits

- Trained on ${data['px128-train']?.images} images of one hospital at 128 × 128; small findings are lost in the reduction.
- Adults and children, PA and AP are mixed; lateral views are not covered. There is no input gate yet: any
  image that can be read is classified.
- Thresholds leave 90 % of the val negatives of a finding below; probabilities are Platt-scaled on val and hold for its
  prevalence only.
- Intervals are wide, above all for rare findings; differences between the rows above are mostly inside them.
`;
await writeFile(join(bundleFolder, 'MODEL_CARD.md'), card);
process.stdout.write(`MODEL_CARD.md of ${description.name}\n`);
