import {
  type ReportedFinding,
  reportedFindings,
  researchUse,
  type Standing,
} from '../../contract/words/finding-words.ts';
import { derivedUid } from '../dataset/write/derived-uid.ts';
import type { Item } from '../dataset/write/dictionary.ts';
import { type Code, concepts, findingCode, modalityCodes, ownScheme } from './coding.ts';
import { code, container, image, percent, text, uidReference } from './content-items.ts';
import { namesOf, type Report } from './report.ts';

/**
 * Puts together the content of a Measurement Report (PS3.16 TID 1500): what is said of which image, by which program.
 *
 * @throws CxrError 'dicom-unwritable' for an image without names.
 */
export const measurementReport = (report: Report): readonly Item[] => [
  code('HAS CONCEPT MOD', concepts.language, concepts.english),
  ...observer(report),
  code('HAS CONCEPT MOD', concepts.procedure, concepts.chestRadiograph),
  ...[researchUse, ...report.cautions].map((each) => text('CONTAINS', concepts.comment, each)),
  ...imageLibrary(report),
  container(concepts.measurements, [
    ...algorithm(report),
    ...reportedFindings(report.result).map((finding) => measurementGroup(finding, report)),
  ]),
];

/** TID 1002 and 1004: a device observed this, and no person did. Its UID is the model's, on this version of the program. */
const observer = ({ result: { bundle }, version }: Report): readonly Item[] => [
  code('HAS OBS CONTEXT', concepts.observerType, concepts.device),
  uidReference('HAS OBS CONTEXT', concepts.deviceUid, derivedUid('device', bundle.id, version)),
  text('HAS OBS CONTEXT', concepts.deviceName, `Cipherfilm ${version}`),
  text('HAS OBS CONTEXT', concepts.deviceManufacturer, 'Cipherfilm'),
  text('HAS OBS CONTEXT', concepts.deviceModel, bundle.name),
];

/** TID 1600: the image that was scored. */
function imageLibrary({ source }: Report): readonly Item[] {
  const modality = modalityCodes[source.image.modality ?? ''];
  if (modality === undefined) return [];
  const group = container(concepts.imageGroup, [
    code('HAS ACQ CONTEXT', concepts.modality, modality),
    code('HAS ACQ CONTEXT', concepts.targetRegion, concepts.chest),
    image('CONTAINS', namesOf(source).image),
  ]);
  return [container(concepts.imageLibrary, [group])];
}

/** TID 4019: the model by name and digest, and the analysis by what the evaluator and the key are called. */
function algorithm({ result: { bundle, jobId, keyId, digests } }: Report): readonly Item[] {
  const parameters = [`model ${bundle.id}`, `key ${keyId}`, `job ${jobId}`, `question ${digests.sent}`];
  return [
    text('HAS CONCEPT MOD', concepts.algorithmName, `Cipherfilm ${bundle.name}`),
    text('HAS CONCEPT MOD', concepts.algorithmVersion, bundle.id),
    ...parameters.map((each) => text('HAS CONCEPT MOD', concepts.algorithmParameters, each)),
  ];
}

/**
 * TID 1501: one finding. The finding is the question and the verdict its answer: "Pneumothorax: below the threshold". An item
 * "Finding: Pneumothorax" would be read as one that is present, whatever stands beside it.
 */
function measurementGroup(finding: ReportedFinding, { source, result }: Report): Item {
  const { image: scored, study } = namesOf(source);
  const { name, standing, score, thresholds } = finding;
  return container(concepts.measurementGroup, [
    text('HAS OBS CONTEXT', concepts.trackingId, name),
    uidReference(
      'HAS OBS CONTEXT',
      concepts.trackingUid,
      derivedUid('finding', study, scored.uid, result.digests.sent, name),
    ),
    ...(score === null ? [] : [percent(concepts.certainty, score, scored)]),
    ...(thresholds === null
      ? []
      : [
          percent(concepts.lowThreshold, thresholds.low, scored),
          percent(concepts.highThreshold, thresholds.high, scored),
        ]),
    code('CONTAINS', findingCode(finding), standingCodes[standing]),
  ]);
}

const standingCodes: Readonly<Record<Standing, Code>> = {
  above: ['ABOVE', ownScheme, 'Above the threshold'],
  indeterminate: ['CANNOTTELL', ownScheme, 'Between the thresholds: the model cannot tell'],
  below: ['BELOW', ownScheme, 'Below the threshold, not the same as absent'],
  'not assessed': ['NOTASSESSED', ownScheme, 'Not assessed'],
};
