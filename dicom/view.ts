import type { Dataset } from './dataset/dataset.ts';

/** The terms of View Position (0018,5101) that are known (PS3.3 C.8.1.3, C.8.11.5), and what some makers write. */
const terms = new Set(['AP', 'PA', 'LL', 'RL', 'RLD', 'LLD', 'RLO', 'LLO', 'LAT', 'LATERAL']);

/** Codes of View Code Sequence (PS3.16 CID 4010), in SNOMED CT and in the older SNOMED RT. */
const codes: Readonly<Record<string, string>> = {
  '272479007': 'PA',
  'R-10214': 'PA',
  '399348003': 'AP',
  'R-10206': 'AP',
  '399173006': 'LL',
  'R-10236': 'LL',
  '399198007': 'RL',
  'R-10232': 'RL',
  '399067008': 'LAT',
};
/** What the standard calls these codes; some files have the words right and the code wrong, or no code. */
const meanings: Readonly<Record<string, string>> = {
  'postero-anterior': 'PA',
  'antero-posterior': 'AP',
  'left lateral': 'LL',
  'right lateral': 'RL',
  lateral: 'LAT',
};
const isLateral = (term: string | null): boolean => term !== null && /^(LL|RL|LAT)/.test(term);

/**
 * Finds from which side an image was taken. The first of these that says something counts: View Position in capitals or
 * not, View Code Sequence, Patient Orientation, Series Description. Only known terms are returned, so that no free text
 * passes.
 *
 * @returns a term of View Position; `LAT` for a lateral film whose side is not known; null where nothing says.
 */
export function readView(dataset: Dataset): string | null {
  const stated = dataset.text('x00185101')?.toUpperCase() ?? null;
  if (stated !== null) return terms.has(stated) ? stated : null;
  return codedView(dataset) ?? orientedView(dataset) ?? describedView(dataset.text('x0008103e'));
}

/** Where code and words disagree, the lateral one counts: a lateral film taken for a frontal one is the worse mistake. */
function codedView(dataset: Dataset): string | null {
  const item = dataset.item('x00540220');
  const byCode = codes[item?.text('x00080100') ?? ''] ?? null;
  const byMeaning = meanings[item?.text('x00080104')?.toLowerCase() ?? ''] ?? null;
  return isLateral(byMeaning) ? byMeaning : (byCode ?? byMeaning);
}

/** In a lateral film a row runs to the front or to the back; in a frontal one it does not tell PA from AP. */
function orientedView(dataset: Dataset): string | null {
  return /^[AP]/.test(dataset.texts('x00200020')[0] ?? '') ? 'LAT' : null;
}

/** A series named after a lateral view only; one named after both views says nothing of an image. */
function describedView(description: string | null): string | null {
  const words = description?.toLowerCase().split(/[^a-z]+/) ?? [];
  const has = (...wanted: readonly string[]) => words.some((word) => wanted.includes(word));
  if (has('pa', 'ap', 'frontal', 'face', 'posteroanterior', 'anteroposterior', 'dv', 'vd')) return null;
  return has('lateral', 'lat', 'seitlich', 'profil') ? 'LAT' : null;
}
