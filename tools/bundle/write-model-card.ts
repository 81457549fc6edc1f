import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openClientHalf } from '../../native-models/client-half.ts';
import { readOptions } from '../command-options.ts';
import {
  factorCostsSchema,
  idsOfSameModel,
  inputOf,
  type Model,
  ofBundle,
  readResult,
  resultRows,
  root,
  type Scored,
  scoredSchema,
  trainingSchema,
} from './results.ts';

/**
 * Writes MODEL_CARD.md of the shipped bundle, docs/results.json and docs/results.md from what was measured:
 * training/results.json (training/report/evaluate.py), docs/results/*.json (npm run evaluate, write-costs.ts). No figure is
 * typed by hand. What training/results.json says of another bundle is left out of the card, and named as that bundle's in
 * docs/results.md.
 */
readOptions(
  `usage: npm run model-card
  Writes MODEL_CARD.md of the shipped bundle, docs/results.md and docs/results.json from what was measured.`,
  {},
);
const bundleFolder = join(root, 'native-models', 'cxr-f8-r1');
const three = (value: number): string => value.toFixed(3);
const range = (pair: readonly [number, number] | null): string =>
  pair === null ? '–' : `${three(pair[0])}–${three(pair[1])}`;
const minutes = (seconds: number): string => `${Math.max(1, Math.round(seconds / 60))} min`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const { id, description, calibration, gate } = await openClientHalf(bundleFolder);
const sameModel = idsOfSameModel(await readFile(join(bundleFolder, 'client', 'bundle.json'), 'utf8'));
const training = ofBundle(await readResult(trainingSchema, 'training/results.json'), id);
const isTrained = training.bundle === id;
const notMeasured = (what: string): string =>
  `${what} was not measured for this bundle: training/results.json is of bundle ${training.bundle.slice(0, 8)}.`;
const costs = await readResult(factorCostsSchema, 'docs/results/factor-costs.json');
const scored: Scored[] = [];
for (const name of ['val-clear', 'test-encrypted']) {
  const one = await readResult(scoredSchema, `docs/results/${name}.json`);
  if (!sameModel.includes(one.bundle))
    throw new Error(`docs/results/${name}.json was measured on another model: run it again`);
  scored.push(one);
}

const shipped = training.models.find(({ model }) => model.includes('shipped'))!;
const [valRun, testRun] = scored as [Scored, Scored];
const baselines = training.models.filter(({ input }) => input === 'pixels');
const baseline = baselines.reduce((best, one) => (one.val.macroAuroc > best.val.macroAuroc ? one : best));
const rows = resultRows(training, scored, shipped);

const scoreOf = (model: Model, split: 'val' | 'test'): string => {
  const report = model[split];
  return report === undefined ? '–' : `${three(report.macroAuroc)} (${range(report.macroInterval95)})`;
};
const accuracyTable = table(
  ['model', 'input', 'activation', 'attention', 'f', 'parameters', 'val', 'test'],
  training.models.map((model) => [
    model.model,
    inputOf(model),
    model.activation,
    model.attention,
    model.input === 'pixels' ? '–' : model.factor,
    model.parameters,
    scoreOf(model, 'val'),
    scoreOf(model, 'test'),
  ]),
);
const pathTable = table(
  ['split', 'images', 'refused', 'patients', 'findings', 'clear', 'encrypted', 'largest logit difference'],
  scored.map((one) => {
    const { clear, encrypted, maxAbsLogitError } = one;
    const show = (result: typeof clear) =>
      `${three(result.macroAuroc)} (${range([result.low, result.high])})`;
    return [
      one.split,
      one.images,
      one.refused,
      one.patients,
      one.findingsWithBothClasses,
      show(clear),
      encrypted === null ? '–' : show(encrypted),
      maxAbsLogitError === null ? '–' : maxAbsLogitError.toExponential(1),
    ];
  }),
);
const codecTable = table(
  [
    'f',
    'latent',
    'loss',
    'encoder',
    'steps, time',
    'px128 val: PSNR, SSIM, MS-SSIM',
    'px256 val',
    'quantised px128',
    'codes used',
  ],
  training.codecs.map((codec) => {
    const show = ({ psnr, ssim, msSsim }: typeof codec.px128Val.quantised) =>
      `${psnr.toFixed(1)} dB, ${three(ssim)}, ${three(msSsim)}`;
    return [
      codec.factor,
      codec.latentShape.join('×'),
      codec.flags.task_weight > 0 ? 'reconstruction and task' : 'reconstruction',
      codec.encoderParameters,
      `${codec.steps}, ${minutes(codec.seconds)}`,
      show(codec.px128Val),
      show(codec.px256Val),
      show(codec.px128Val.quantised),
      `${codec.codebook.usedOnVal} of ${codec.codebook.codes}`,
    ];
  }),
);
const costTable = table(
  ['f', 'levels', 'rotations', 'products', 'ciphertexts up', 'sent', 'keys', 'predicted, one thread'],
  costs.map((cost) => [
    cost.factor,
    cost.levels,
    cost.rotations,
    cost.plaintextProducts,
    cost.inputCiphertexts,
    `${cost.sentMegabytes} MB`,
    `${cost.keyMegabytes} MB`,
    `${cost.predictedSeconds} s`,
  ]),
);
const findingTable = table(
  [
    'finding',
    'claimed',
    'train positives',
    'val positives',
    'val AUROC',
    'test AUROC',
    'test AUROC, encrypted',
    'sensitivity, specificity at the upper threshold (val)',
  ],
  calibration.findings.map(({ name, claimable, trainPositives, valPositives, high }) => {
    const show = (run: Scored['encrypted']) => {
      const auroc = run?.perFinding[name] ?? null;
      return auroc === null ? '–' : three(auroc);
    };
    const at =
      high.sensitivity === null ? '–' : `${percent(high.sensitivity)}, ${percent(high.specificity!)}`;
    const aurocs = [show(valRun.clear), show(testRun.clear), show(testRun.encrypted)];
    return [name, claimable ? 'yes' : 'no', trainPositives, valPositives, ...aurocs, at];
  }),
);
const dataTable = table(
  ['part', 'images', 'patients'],
  Object.entries(training.data).map(([name, { images, patients }]) => [name, images, patients]),
);
const gateTable = table(
  ['val images, changed', 'refused'],
  Object.entries(training.gate.refused).map(([name, share]) => [name, percent(share)]),
);
const boxTable = table(
  ['NIH boxes of', 'boxes', 'strongest region meets the box', 'by chance'],
  Object.entries(training.boxes).map(([part, { boxes, hit, chance }]) => [
    part,
    boxes,
    percent(hit),
    percent(chance),
  ]),
);
const boxText = isTrained
  ? `The region that adds most to a finding's logit, against the boxes that NIH's radiologists drew; a region is a sixteenth of
the film, so many meet a box by chance. With so few boxes this is a look, not a score.

${boxTable}`
  : notMeasured("How well regions meet the boxes that NIH's radiologists drew");
const gateText = isTrained ? gateTable : notMeasured('How many changed images the gate refuses');
const measuredBefore =
  valRun.bundle === id
    ? ''
    : `
Both runs were made before the known answer was added to the bundle, under the id ${valRun.bundle.slice(0, 8)}.
Every file that scores an image is the same; \`npm run model-card\` compares their digests.
`;
const labelled = (training.data['px128-train']?.images ?? 0) + (training.data['px64-train']?.images ?? 0);
const claimed = calibration.findings.filter(({ claimable }) => claimable).map(({ name }) => name);
const { cost } = description;

const card = `# Model card: ${description.name}

**Research use only. Not a medical device.** Bundle ${id}.

Its accuracy is far from clinical use: it was trained on ${labelled} labelled images of one hospital at 128 × 128 or less.

## What it does

A frontal chest radiograph, reduced to 128 × 128, is encoded by a VQGAN (f = 8) into a 4 × 32 × 32 latent (the
un-quantised encoder output) and classified by HefNet-R with a shallow squeeze-and-excitation gate and learned degree-2
activations, under CKKS encryption, into ${calibration.findings.length} findings. The network returns 4 × 4 logits per finding, whose sum is the
finding's logit: what each sixteenth of the film added. They show where the network's evidence came from, through
receptive fields wider than a region, not where a disease is.

The codec was trained for the classifier as well as for its image: the encoder holds two trunks that were taught the findings,
and writes what they see into the latent (docs/adr/models/0018-encoder-knows-the-task.md).

The application claims only findings with at least 100 positive training images and 10 on val, whose AUROC on val is
clearly above chance (95 % interval above 0.5): ${claimed.join(', ')}. The others are listed without a claim.

Encrypted run: ${cost.levels} levels, ${cost.rotations} rotations, ${description.evaluationKeys.rotations.length} rotation keys, ${cost.plaintextProducts} plaintext products,
N = ${description.ckks.polyModulusDegree}.

## Data

NIH ChestX-ray14, provided by the NIH Clinical Center (https://nihcc.app.box.com/v/ChestXray-NIHCC); X. Wang et al.,
"ChestX-ray8", CVPR 2017. Labels are text-mined and about 90 % accurate. Splits are patient-disjoint; test images come
from NIH's official test list and are harder than val. Everything was chosen on val.

${dataTable}

## Accuracy through the application's own path

\`npm run evaluate\`: image decoding, reduction, ONNX encoder, input gate, compiled program. *Clear* runs the program on
plain numbers, *encrypted* through keys, ciphertexts and an evaluator process; on the same images. The mean is over the
findings that have both classes among these images. 95 % intervals from 1,000 bootstrap draws of patients.

${pathTable}
${measuredBefore}
The ReLU network on the original pixels that was best on val: ${scoreOf(baseline, 'val')} on val, ${scoreOf(baseline, 'test')} on test.

## Per finding

AUROC of the same runs; intervals of single findings were not computed.

${findingTable}

## Where the evidence lies

${boxText}

## Input gate

An image is refused before encryption when its latent's distance from the training images' is above ${gate.distanceLimit}, its
size above ${gate.sizeLimit}, or the codec's image of it below ${gate.psnrLimit} dB; or when the file names a lateral view or another modality. Of
val's ${valRun.images + valRun.refused} images ${percent(valRun.images / (valRun.images + valRun.refused))} pass. No image of another kind was used to fit it.

${gateText}

It does not tell whether a film is good enough to read, and lateral films without a view in their header may pass.

## Limits

- Small findings are lost in the reduction to 128 × 128.
- Adults and children, PA and AP are mixed; lateral views are not covered.
- Probabilities are Platt-scaled on val and hold for its prevalence only; the application recomputes predictive values for
  another one.
- Intervals are wide, above all for rare findings; most differences between rows of docs/results.md lie inside them.
- All images come from one hospital.
`;

const resultsPage = `# Results

Written by \`npm run model-card\` from what was measured; the same rows as data: [results.json](results.json). Macro-AUROC
with 95 % intervals from 1,000 bootstrap draws of patients; val and test of \`px128\`; every choice was made on val. The
encrypted run is of the shipped model: [model card](../native-models/cxr-f8-r1/MODEL_CARD.md).

## Plaintext, PyTorch

${accuracyTable}

Attention: \`paper\` is the paper's squeeze-and-excitation with a cubic gate (a sigmoid beside ReLU), \`shallow\` ours.

## Through the application

${pathTable}
${measuredBefore}
## Codecs
${isTrained ? '' : `\nOf bundle ${training.bundle.slice(0, 8)}; the shipped codec was not measured.\n`}
${codecTable}

## What the shipped architecture costs at each factor

${costTable}
${training.notes === '' ? '' : `\n## Notes\n\n${training.notes}\n`}`;

await writeFile(join(bundleFolder, 'MODEL_CARD.md'), card);
await writeFile(join(root, 'docs', 'results.md'), resultsPage);
await writeFile(join(root, 'docs', 'results.json'), `${JSON.stringify({ rows }, null, 2)}\n`);
process.stdout.write(
  `MODEL_CARD.md of ${description.name}, docs/results.md, ${rows.length} rows of docs/results.json\n`,
);
