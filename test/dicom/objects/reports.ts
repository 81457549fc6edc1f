import { parseBundleId } from '../../../contract/ids/bundle-id.ts';
import { parseDigest } from '../../../contract/ids/digest.ts';
import { parseJobId } from '../../../contract/ids/job-id.ts';
import { parseKeyId } from '../../../contract/ids/key-id.ts';
import type { SourceImage } from '../../../contract/image/source-image.ts';
import type { AnalysisResult, Finding } from '../../../contract/stages.ts';
import type { Report } from '../../../dicom/objects/report.ts';

const nobody = { sensitivity: null, specificity: null };

/** A finding with the thresholds 12.34 % and 45.67 %. */
export const finding = (name: string, probability: number, claimable = true): Finding => ({
  ...{ name, probability, claimable, logit: 0, low: 0.1234, high: 0.4567, regions: null },
  verdict: probability >= 0.4567 ? 'above' : probability >= 0.1234 ? 'indeterminate' : 'below',
  reference: {
    edges: [0],
    positives: [1, 1],
    negatives: [1, 1],
    prevalence: 0.1,
    atLow: nobody,
    atHigh: nobody,
  },
});

/** A result whose findings stand in every place that a finding can stand in. */
export const result: AnalysisResult = {
  findings: [
    finding('Effusion', 0.51234),
    finding('Infiltration', 0.2),
    finding('Pleural_Thickening', 0.03123),
    finding('Hernia', 0.9, false),
  ],
  facts: {
    ...{ modality: 'DX', viewPosition: 'PA', rows: 4, columns: 3, photometric: 'MONOCHROME2', lossy: false },
    ...{ transferSyntax: '1.2.840.10008.1.2.1', window: 'full range' },
  },
  input: {
    ...{ distance: 1, distanceLimit: 2, size: 1, sizeLimit: 2, psnr: 30, psnrLimit: 20, inverted: false },
  },
  bundle: { id: parseBundleId('ab'.repeat(32)), name: 'cxr-f8-r1' },
  evaluator: { url: 'https://evaluator.example', embedded: false },
  jobId: parseJobId('0'.repeat(31).concat('1')),
  keyId: parseKeyId('cd'.repeat(32)),
  digests: { sent: parseDigest('ef'.repeat(32)), received: parseDigest('01'.repeat(32)) },
  parameters: { polyModulusDegree: 16384, logQP: 330, securityBits: 128 },
  cost: {
    levels: 9,
    rotations: 1,
    relinearizations: 1,
    plaintextProducts: 1,
    ciphertextProducts: 1,
    rescales: 1,
  },
  bytes: { evaluationKeys: 0, sent: 1, received: 1 },
  timesMs: { decode: 1, encode: 1, keygen: 0, encrypt: 1, upload: 1, evaluate: 1, decrypt: 1 },
};

/** An image with everything that a report repeats of it, in another alphabet too. */
export const source: SourceImage = {
  patient: {
    name: 'Müller^Åsa^^Dr.=山田^太郎',
    id: 'PLANTED-ID-4711',
    issuer: 'PLANTED-ISSUER',
    birthDate: '19510203',
    sex: 'F',
    age: null,
  },
  study: {
    uid: '1.2.840.99999.1',
    date: '20260102',
    time: '101112.5',
    accession: 'PLANTED-ACC',
    id: 'PLANTED-STUDY',
    description: 'Thorax p.a. für Frau Müller',
    referringPhysician: 'PLANTED^REFERRER',
  },
  image: {
    seriesUid: '1.2.840.99999.1.2',
    sopClass: '1.2.840.10008.5.1.4.1.1.1.1',
    uid: '1.2.840.99999.1.2.3',
    modality: 'DX',
    orientation: ['L', 'F'],
    burnedIn: false,
    lossy: null,
  },
};

/** A report with a few of its parts exchanged. */
export const reportWith = (parts: Partial<Report> = {}): Report => ({
  ...{
    source,
    result,
    at: new Date(2026, 10, 28, 9, 5, 7),
    version: '0.1.0',
    deidentified: null,
    cautions: [],
  },
  ...parts,
});
