import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { calibrationSchema, parseBundleFile } from '../../contract/bundle.ts';
import { parseBundleId } from '../../contract/ids/bundle-id.ts';
import { parseDigest } from '../../contract/ids/digest.ts';
import { parseJobId } from '../../contract/ids/job-id.ts';
import { parseKeyId } from '../../contract/ids/key-id.ts';
import type { AppStatus } from '../../contract/ipc/window.ts';
import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
import type { AnalysisResult, Finding } from '../../contract/stages.ts';
import { toFindings } from '../../main/engine/findings.ts';

/** Rows of the worklist with results under the shipped calibration, for tests of what the window makes of them. */
const shipped = join(import.meta.dirname, '..', '..', 'native-models', 'cxr-f8-r1', 'client');
const calibration = parseBundleFile(
  calibrationSchema,
  readFileSync(join(shipped, 'calibration.json'), 'utf8'),
  'calibration.json',
);

/** Where each finding shall lie in its own thresholds. What is not named lies below. */
export type Places = Readonly<Record<string, 'above' | 'between' | 'at low'>>;

/** Findings of the shipped calibration whose probabilities lie where `places` says; 4×4 regions each. */
export function findingsAt(places: Places): Finding[] {
  const logits = calibration.findings.flatMap(({ name, slope, intercept, low, high }) => {
    const [from, to] = [low, high].map(({ probability }) => Math.log(probability / (1 - probability))) as [
      number,
      number,
    ];
    const place = places[name];
    const logOdds =
      place === 'above'
        ? to + 0.6
        : place === 'between'
          ? (from + to) / 2
          : place === 'at low'
            ? from
            : from - 0.7;
    const logit = (logOdds - intercept) / slope;
    // Unequal parts whose sum is the logit, so that the map has something to show.
    return Array.from({ length: 16 }, (_, region) => logit / 16 + (region - 7.5) * 0.05);
  });
  return toFindings(Float64Array.from(logits), [calibration.findings.length, 4, 4], calibration);
}

const digest = (sign: string) => sign.repeat(64);
/** A study's id, from a number. */
export const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

export const exampleResult = (findings: readonly Finding[]): AnalysisResult => ({
  findings,
  facts: {
    modality: 'DX',
    viewPosition: 'PA',
    rows: 128,
    columns: 128,
    photometric: 'MONOCHROME2',
    transferSyntax: '1.2.840.10008.1.2.1',
    lossy: false,
    window: 'file window 1',
  },
  input: {
    distance: 1.1,
    distanceLimit: 3.46,
    size: 0.9,
    sizeLimit: 1.35,
    psnr: 33.1,
    psnrLimit: 23.18,
    inverted: false,
  },
  bundle: { id: parseBundleId(digest('4')), name: 'cxr-f8-r1' },
  evaluator: { url: 'http://127.0.0.1:40000', embedded: true },
  jobId: parseJobId('0'.repeat(32)),
  keyId: parseKeyId(digest('b')),
  digests: { sent: parseDigest(digest('c')), received: parseDigest(digest('d')) },
  parameters: { polyModulusDegree: 16384, logQP: 330, securityBits: 128 },
  cost: {
    levels: 9,
    rotations: 161,
    relinearizations: 3,
    plaintextProducts: 1824,
    ciphertextProducts: 3,
    rescales: 60,
  },
  bytes: { evaluationKeys: 50_400_000, sent: 1_350_000, received: 131_000 },
  timesMs: { decode: 40, encode: 300, keygen: 900, encrypt: 60, upload: 10, evaluate: 1900, decrypt: 5 },
});

const image: ImageRow = {
  id: idOf(900),
  pixels: null,
  name: 'film.dcm',
  series: { uid: '1.2.3.1', number: 1, description: 'Chest PA', modality: 'DX' },
  frame: {
    uid: '1.2.3.1.1',
    number: 1,
    view: 'PA',
    laterality: null,
    date: '2024-02-12',
    time: '10:11:12',
    rows: 128,
    columns: 128,
    orientation: ['L', 'F'],
    spacing: null,
    burnedIn: null,
    lossy: null,
  },
};

/** A study of an adult without a result; `changes` make it another. */
export function studyRow(number: number, changes: Partial<StudyRow> = {}): StudyRow {
  const own = { ...image, id: idOf(900 + number) };
  return {
    id: idOf(number),
    patient: {
      name: `Example, Ada ${number}`,
      id: `EX-${1000 + number}`,
      issuer: null,
      birthDate: '1961-03-14',
      sex: 'female',
      age: '062Y',
    },
    study: {
      uid: `1.2.3.${number}`,
      date: '2024-02-12',
      time: '10:11:12',
      accession: 'A1',
      description: 'Chest PA',
    },
    images: [own],
    scoredImageId: own.id,
    turns: false,
    state: 'waiting',
    progress: null,
    seen: [],
    pair: null,
    asked: null,
    result: null,
    resultAt: null,
    exports: [],
    check: null,
    error: null,
    addedAt: number,
    urgency: null,
    priorId: null,
    ...changes,
  };
}

/** A study that is done; the pictures of what the model saw are flat grey. */
export const doneRow = (number: number, places: Places, changes: Partial<StudyRow> = {}): StudyRow =>
  studyRow(number, {
    state: 'done',
    result: exampleResult(findingsAt(places)),
    pair: {
      side: 128,
      image: new Uint8Array(128 * 128).fill(110),
      reconstruction: new Uint8Array(128 * 128).fill(100),
    },
    seen: ['reading', 'encoding', 'encrypting', 'sending', 'evaluating', 'receiving', 'decrypting', 'done'],
    urgency: Object.values(places).includes('above') ? 0.1 : -0.5,
    ...changes,
  });

export const readyStatus: AppStatus = {
  version: '0.1.0',
  evaluator: { url: 'http://127.0.0.1:40000', embedded: true },
  standing: { kind: 'ready', keyId: parseKeyId(digest('b')) },
  bundle: { name: 'cxr-f8-r1', id: digest('4') },
  problem: null,
  opensItself: 'keychain',
  opensWith: ['system'],
  lock: 'open',
  receiving: { kind: 'off' },
  asksArchive: true,
  worklist: 'kept',
  canRecompute: true,
};
