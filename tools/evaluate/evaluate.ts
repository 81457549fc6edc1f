import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CxrError, type ErrorCode, toCodedError } from '../../contract/errors.ts';
import { reduced } from '../../dicom/encoder-input.ts';
import { plainConnection } from '../../main/connector/evaluator-route.ts';
import { analyse } from '../../main/engine/analyse.ts';
import { clearLogits } from '../../main/engine/clear-reference.ts';
import { admit } from '../../main/engine/input-gate.ts';
import type { Workstation } from '../../main/engine/station.ts';
import { openWorkstation } from '../../main/engine/workstation.ts';
import { exitOnSignals } from '../../main/files/temporary-folder.ts';
import { chooseBundle } from '../../main/host/choose-bundle.ts';
import { bundleRoot, inTemporaryFolder, startEmbeddedEvaluator } from '../../main/host/headless.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import { openServerHalf } from '../../native-models/server-half.ts';
import { readCount, readOptions, refuse } from '../command-options.ts';
import { type LabelledImage, readLabelTable } from './label-table.ts';
import { readRadiographFile } from './radiograph-file.ts';
import { type Row, summarise } from './summarise.ts';

/**
 * Scores a folder of PNG and JPEG radiographs through the application's own code path, on plain numbers or encrypted
 * through an evaluator process. Images that the input gate refuses get no result there, and are counted here by the code of
 * their refusal; so are images of the table that are missing or cannot be decoded.
 *
 * The collections are PNG and JPEG files, which the reader does not read, and come from whoever runs this tool. They are
 * decoded in this process, beside keys that are made for the run: there is nothing in it to protect from them, and
 * thousands of films need no process border each.
 *
 * With --limit the images are drawn evenly over the table. Encrypted runs also score the same images in the clear.
 */
const usage =
  'usage: npm run evaluate -- --images DIR --labels CSV [--prefix px128/] [--split NAME] [--limit N]\n' +
  '       [--least-positives N] [--encrypted] [--parallel 1..64] [--json]\n' +
  '  --split takes what the column split of the table holds, such as train, val or test.\n' +
  '  --least-positives is how many images a finding needs to be averaged; default 20.';
const options = readOptions(usage, {
  images: { type: 'string' },
  labels: { type: 'string' },
  prefix: { type: 'string', default: '' },
  split: { type: 'string' },
  limit: { type: 'string' },
  'least-positives': { type: 'string', default: '20' },
  parallel: { type: 'string', default: '1' },
  encrypted: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});

const { images: folder, labels: labelFile, split } = options;
if (folder === undefined || labelFile === undefined)
  refuse(usage, '--images DIR and --labels CSV are needed');
const parallel = readCount(usage, '--parallel', options.parallel, [1, 64]);
const least = readCount(usage, '--least-positives', options['least-positives'], [1, 1_000_000]);
const limit =
  options.limit === undefined
    ? Number.POSITIVE_INFINITY
    : readCount(usage, '--limit', options.limit, [1, 1_000_000]);

type Scores = {
  readonly rows: readonly Row[];
  /** How many images got no result, by the code of the refusal. */
  readonly refused: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Files of the table that are not there. */
  readonly missing: readonly string[];
};

/** `count` rows at equal distances, so that a limit does not favour the first patients. */
function spread<T>(rows: readonly T[], count: number): T[] {
  return count >= rows.length
    ? [...rows]
    : Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!);
}

async function readLabels(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => {
    throw new CxrError('request-invalid', { field: '--labels', expected: 'a CSV file that can be read' });
  });
}

async function scoreAll(
  images: readonly LabelledImage[],
  folder: string,
  station: Workstation,
): Promise<Scores> {
  const half = await openServerHalf(join(bundleRoot, await chooseBundle(bundleRoot)));
  const rows: Row[] = [];
  const refused: Partial<Record<ErrorCode, number>> = {};
  const missing: string[] = [];
  let done = 0;
  const queue = images.values();
  const scoreOne = async (image: LabelledImage): Promise<void> => {
    const bytes = await readFile(join(folder, image.file)).catch(() => null);
    if (bytes === null) {
      missing.push(image.file);
      return;
    }
    const input = reduced(await readRadiographFile(bytes));
    const admitted = await admit(input, station, station.half);
    const logits = clearLogits(half, admitted.latent.values);
    const result = options.encrypted ? await analyse(input, station, quiet) : null;
    rows.push({ ...image, logits, encrypted: result?.findings.map(({ logit }) => logit) ?? null });
  };
  const score = async (): Promise<void> => {
    for (const image of queue) {
      await scoreOne(image).catch((error: unknown) => {
        if (!(error instanceof CxrError) || !ofTheImage.test(error.code)) throw error;
        const { code } = error.coded;
        refused[code] = (refused[code] ?? 0) + 1;
      });
      done += 1;
      process.stderr.write(`\r  ${done} of ${images.length}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, score));
  process.stderr.write('\n');
  if (missing.length === images.length)
    throw new CxrError('request-invalid', {
      field: '--images',
      reason: 'none of the table’s images is there',
      expected: images[0]!.file,
    });
  return { rows, refused, missing };
}

/** What is wrong with one image, and not with the run. */
const ofTheImage = /^(input-|image-unreadable$|dicom-)/;
/** Missing files that are named; the rest is counted. */
const mostNamed = 20;

const quiet = {
  signal: new AbortController().signal,
  onProgress: () => {},
  onAdmitted: () => {},
  onAsked: () => {},
  asked: null,
};

async function evaluate(images: string, labels: string, dataDir: string): Promise<void> {
  const bundleName = await chooseBundle(bundleRoot);
  const { calibration } = await openClientHalf(join(bundleRoot, bundleName));
  const names = calibration.findings.map(({ name }) => name);
  // Before anything is started: a table without such images costs nobody a wait.
  const wanted = readLabelTable(await readLabels(labels), names, { split, prefix: options.prefix });
  const evaluator = options.encrypted
    ? await startEmbeddedEvaluator({ dataDir, bundleRoot, workers: parallel })
    : null;
  try {
    const station = await openWorkstation({
      bundleRoot,
      bundleName,
      connection: plainConnection(evaluator?.url ?? 'http://127.0.0.1:1', true),
    });
    const { rows, refused, missing } = await scoreAll(spread(wanted, limit), images, station);
    const summary = {
      bundle: station.half.id,
      split: split ?? null,
      refused: Object.values(refused).reduce((sum, count) => sum + count, 0),
      refusedBy: refused,
      missing: missing.length,
      missingFiles: missing.slice(0, mostNamed),
      ...summarise(rows, names, least),
    };
    process.stdout.write(`${options.json ? JSON.stringify(summary) : JSON.stringify(summary, null, 2)}\n`);
  } finally {
    await evaluator?.stop();
  }
}

try {
  exitOnSignals();
  await inTemporaryFolder('cipherfilm-evaluate-', (dataDir) => evaluate(folder, labelFile, dataDir));
} catch (error) {
  process.stderr.write(`evaluate: ${JSON.stringify(toCodedError(error))}\n`);
  process.exitCode = 1;
}
