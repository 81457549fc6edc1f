import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What was measured on the models: by training/report/evaluate.py, by `npm run evaluate`, by tools/bundle/write-costs.ts. */
export const root = join(import.meta.dirname, '..', '..');

const interval = z.tuple([z.number(), z.number()]).nullable();
const reportSchema = z.object({
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
export type SplitReport = z.infer<typeof reportSchema>;
const likenessSchema = z.object({ psnr: z.number(), ssim: z.number(), msSsim: z.number() });
const splitLikeness = likenessSchema.extend({ images: z.number(), quantised: likenessSchema });
const codecSchema = z.object({
  factor: z.number(),
  latents: z.string(),
  latentShape: z.array(z.number()),
  encoderParameters: z.number(),
  decoderParameters: z.number(),
  steps: z.number(),
  seconds: z.number(),
  flags: z.object({ task_weight: z.number(), no_pyramid: z.boolean() }).loose(),
  px128Val: splitLikeness,
  px256Val: splitLikeness,
  codebook: z.object({ codes: z.number(), usedOnVal: z.number() }),
});
const modelSchema = z.object({
  model: z.string(),
  input: z.enum(['pixels', 'latent']),
  latents: z.string(),
  activation: z.enum(['relu', 'quadratic']),
  attention: z.string(),
  factor: z.number(),
  parameters: z.number(),
  training: z.object({ seconds: z.number() }).loose(),
  val: reportSchema,
  test: reportSchema.optional(),
});
export type Model = z.infer<typeof modelSchema>;
/** What training/report/evaluate.py writes into training/results.json. */
export const trainingSchema = z.object({
  /** Id of the bundle whose codec, classifier, boxes and gate were measured. The networks on pixels belong to none. */
  bundle: z.string(),
  notes: z.string(),
  data: z.record(z.string(), z.object({ images: z.number(), patients: z.number() }).loose()),
  codecs: z.array(codecSchema),
  models: z.array(modelSchema),
  boxes: z.record(z.string(), z.object({ boxes: z.number(), hit: z.number(), chance: z.number() })),
  gate: z.object({
    distanceLimit: z.number(),
    sizeLimit: z.number(),
    psnrLimit: z.number(),
    valImages: z.number(),
    valPassed: z.number(),
    refused: z.record(z.string(), z.number()),
  }),
});
export type Training = z.infer<typeof trainingSchema>;

const measured = z.object({
  macroAuroc: z.number(),
  low: z.number(),
  high: z.number(),
  /** AUROC of every finding; null where the images do not have both classes. */
  perFinding: z.record(z.string(), z.number().nullable()),
  /** 95 % intervals over patients. Files of earlier versions have none. */
  perFindingIntervals: z.record(z.string(), z.tuple([z.number(), z.number()]).nullable()).optional(),
});
/** What `npm run evaluate -- --json` writes about one split. */
export const scoredSchema = z.object({
  bundle: z.string(),
  split: z.string(),
  refused: z.number(),
  images: z.number(),
  patients: z.number(),
  findingsWithBothClasses: z.number(),
  clear: measured,
  encrypted: measured.nullable(),
  maxAbsLogitError: z.number().nullable(),
});
/** One run of `npm run evaluate`. */
export type Scored = z.infer<typeof scoredSchema>;

/** What tools/bundle/write-costs.ts predicts for the shipped architecture at each compression factor. */
export const factorCostsSchema = z.array(
  z.object({
    factor: z.number(),
    levels: z.number(),
    rotations: z.number(),
    plaintextProducts: z.number(),
    inputCiphertexts: z.number(),
    keyMegabytes: z.number(),
    sentMegabytes: z.number(),
    predictedSeconds: z.number(),
  }),
);
export type FactorCosts = z.infer<typeof factorCostsSchema>;

/** One row of docs/results.json. `input` is what the network sees, `factor` the codec's (1: pixels). */
export type ResultRow = {
  readonly model: string;
  readonly input: string;
  readonly activation: string;
  readonly attention: string;
  readonly factor: number;
  readonly split: string;
  readonly encrypted: boolean;
  readonly images: number;
  readonly macroAuroc: number;
  readonly low: number;
  readonly high: number;
};

/** Files that take no part in a score: the film check decides which films get one. In the order in which they came to bundles. */
const beside = [['client/known-answer.json'], ['client/film-check.json', 'client/film-check.onnx']] as const;

/**
 * Lists the ids under which the files that score an image may have been measured. A bundle's id covers its known answer and
 * its film check too, which take no part in scoring. So a run on the same bundle without them measured the same model.
 *
 * @param text  content of the bundle's description, `client/bundle.json`; its SHA-256 is the bundle's id.
 */
export function idsOfSameModel(text: string): readonly string[] {
  const description = JSON.parse(text) as { files: Record<string, string> };
  const without = (left: readonly string[]): string => {
    const files = Object.fromEntries(
      Object.entries(description.files).filter(([file]) => !left.includes(file)),
    );
    return `${JSON.stringify({ ...description, files }, null, 2)}\n`;
  };
  const [answer, check] = beside;
  const contents = [text, without(check), without(answer), without([...answer, ...check])];
  return contents.map((content) => createHash('sha256').update(content).digest('hex'));
}

/** Reads a file of results, by its path from the root. @throws ZodError when it has another shape. */
export const readResult = async <T>(schema: z.ZodType<T>, file: string): Promise<T> =>
  schema.parse(JSON.parse(await readFile(join(root, file), 'utf8')));

/** What the network sees, in words: the codec without the task's loss is told apart. */
export const inputOf = ({ input, latents }: Model): string =>
  input === 'pixels' ? 'pixels' : latents === 'blind' ? 'latent, codec blind to the task' : 'latent';

/** Names what was measured on another bundle by that bundle, so that it is not taken for the shipped one's. */
export const ofBundle = (training: Training, id: string): Training => ({
  ...training,
  models: training.models.map((model) => ({
    ...model,
    model:
      training.bundle === id
        ? model.model
        : model.model.replace('(shipped)', `(bundle ${training.bundle.slice(0, 8)}, before the shipped one)`),
  })),
});

/** All rows, plaintext of PyTorch first, then what the application itself measured. */
export function resultRows(training: Training, scored: readonly Scored[], shipped: Model): ResultRow[] {
  const plain = training.models.flatMap((model) =>
    (['val', 'test'] as const).flatMap((split) => {
      const report = model[split];
      if (report === undefined) return [];
      const [low, high] = report.macroInterval95 ?? [Number.NaN, Number.NaN];
      return [
        {
          ...nameOf(model),
          split,
          encrypted: false,
          images: report.images,
          macroAuroc: report.macroAuroc,
          low,
          high,
        },
      ];
    }),
  );
  const applied = scored.flatMap((run) =>
    [run.clear, run.encrypted].flatMap((result, index) =>
      result === null
        ? []
        : [
            {
              ...nameOf(shipped),
              model: 'hefnet-r-se (shipped), through the application',
              split: run.split,
              encrypted: index === 1,
              images: run.images,
              macroAuroc: result.macroAuroc,
              low: result.low,
              high: result.high,
            },
          ],
    ),
  );
  return [...plain, ...applied];
}

const nameOf = (model: Model) => ({
  model: model.model,
  input: inputOf(model),
  activation: model.activation,
  attention: model.attention,
  factor: model.factor,
});
