import type { Orientation } from '../contract/image/orientation.ts';
import { orientationOf } from '../contract/image/orientation.ts';
import type { StatedContent } from '../contract/image/stated-content.ts';
import type { Dataset } from './dataset/dataset.ts';

/** Digital X-Ray Image Storage – For Processing (PS3.4 B.5). */
const forProcessing = '1.2.840.10008.5.1.4.1.1.1.1.1';

/** Names that all mean the chest. */
const chest = new Set(['CHEST', 'THORAX', 'LUNG', 'LUNGS', 'HEART', 'CHESTPA', 'CHESTAP']);
/** Other parts of the body by the terms of PS3.16 annex L, without blanks and strokes. */
const otherParts = new Set(
  [
    'ABDOMEN ABDOMENPELVIS ACJOINT ANKLE ANUS AORTA ARM AXILLA BACK BLADDER BRAIN BREAST BUTTOCK CALCANEUS CALF CAROTID',
    'CEREBELLUM CERVIX CHEEK CHESTABDOMEN CHESTABDPELVIS CLAVICLE COCCYX COLON CSPINE CTSPINE ELBOW EXTREMITY EYE FACE FEMUR',
    'FIBULA FINGER FOOT FOREARM FOREFOOT HAND HEAD HEADNECK HIP HUMERUS ILIUM JAW JAWREGION JOINT KIDNEY KNEE LEG LIVER',
    'LOWERLIMB LSPINE LSSPINE LUMBARSPINE MANDIBLE MAXILLA METACARPUS METATARSUS NASALBONE NECK ORBIT PANCREAS PATELLA PELVIS',
    'PENIS PHARYNX PROSTATE RADIUS RADIUSULNA RECTUM RIB RIBS SACRUM SCALP SCAPULA SELLA SHOULDER SIJOINT SINUS SKULL SPINE',
    'STERNUM STOMACH THIGH THORACICSPINE THUMB TIBIA TIBIAFIBULA TMJ TOE TSPINE TLSPINE ULNA UPPERARM UPPERLIMB WHOLEBODY',
    'WHOLESPINE WRIST ZYGOMA CERVICALSPINE',
  ].flatMap((line) => line.split(' ')),
);
/** Codes of Anatomic Region Sequence (PS3.16 CID 4031) whose words are not those of the list. */
const regions: Readonly<Record<string, string>> = {
  '51185008': 'CHEST',
  'T-D3000': 'CHEST',
  '818981001': 'ABDOMEN',
  'T-D4000': 'ABDOMEN',
  '85562004': 'HAND',
  '69536005': 'HEAD',
  '12921003': 'PELVIS',
  '16982005': 'SHOULDER',
  '72696002': 'KNEE',
  '122494005': 'CSPINE',
  '122495006': 'TSPINE',
  '122496007': 'LSPINE',
};
/** How the film lies, by the first letters of its rows' and columns' directions (PS3.3 C.7.6.1.1.1). */
const directions: Readonly<Record<string, number>> = {
  LF: 0,
  FR: 1,
  RH: 2,
  HL: 3,
  RF: 4,
  FL: 5,
  LH: 6,
  HR: 7,
};

/**
 * Reads what a file says of what its image shows. Only terms that are known are returned, so that no free text passes.
 * The age becomes a yes or no.
 */
export const readContent = (dataset: Dataset): StatedContent => ({
  bodyPart: readBodyPart(dataset),
  side: readSide(dataset),
  orientation: readOrientation(dataset),
  isRaw:
    dataset.text('x00080068')?.toUpperCase() === 'FOR PROCESSING' ||
    dataset.text('x00080016') === forProcessing,
  isInfant: isInfant(dataset.text('x00101010')),
});

/** Body Part Examined, else the code or the words of Anatomic Region Sequence. */
function readBodyPart(dataset: Dataset): string | null {
  const region = dataset.item('x00082218');
  const named = [
    dataset.text('x00180015'),
    regions[region?.text('x00080100') ?? ''] ?? null,
    region?.text('x00080104'),
  ];
  for (const name of named) {
    const term = name?.toUpperCase().replace(/[^A-Z]/g, '') ?? '';
    if (chest.has(term)) return 'CHEST';
    if (otherParts.has(term)) return term;
  }
  return null;
}

/** Image Laterality, else Laterality. */
function readSide(dataset: Dataset): StatedContent['side'] {
  const value = (dataset.text('x00200062') ?? dataset.text('x00200060'))?.toUpperCase();
  return value === 'L' ? 'left' : value === 'R' ? 'right' : null;
}

function readOrientation(dataset: Dataset): Orientation | null {
  const [row = '', column = ''] = dataset.texts('x00200020').map((value) => value.toUpperCase());
  const number = directions[row.slice(0, 1) + column.slice(0, 1)];
  return number === undefined ? null : orientationOf(number);
}

/** Tells whether an age such as `018M` is less than two years. */
function isInfant(age: string | null): boolean {
  const [, count, unit] = /^(\d{3})([DWMY])$/.exec(age ?? '') ?? [];
  const perYear: Readonly<Record<string, number>> = { Y: 1, M: 12, W: 52.18, D: 365.25 };
  return unit !== undefined && Number(count) / perYear[unit]! < 2;
}
