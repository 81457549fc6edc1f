import type { Finding, Verdict } from '../../contract/stages.ts';
import { type Frequency, frequencyOf, referenceSize } from './reference.ts';
import { findingName } from './words.ts';

/**
 * The result in sentences, and the one rule of its order. The rule is written under the list in the window, so a reader
 * can check it: groups in the order of `groupNames`, and in each group the highest frequency first.
 */
export const groupNames = ['above', 'indeterminate', 'below', 'unassessed'] as const;
export type GroupName = Verdict | 'unassessed';

/** The sign stands beside every colour, so that nobody has to tell orange from blue. */
export const groupWords: Readonly<Record<GroupName, { sign: string; title: string; short: string }>> = {
  above: { sign: '▲', title: 'Above the threshold', short: 'above' },
  indeterminate: { sign: '?', title: 'Between: the model cannot tell', short: 'cannot tell' },
  below: { sign: '▽', title: 'Below, not the same as absent', short: 'below' },
  unassessed: { sign: '–', title: 'Not assessed', short: 'not assessed' },
};

export const groupOf = ({ claimable, verdict }: Finding): GroupName => (claimable ? verdict : 'unassessed');

/** The findings in the order of the window. Findings that are not assessed have no frequency and go by name. */
export function ordered(findings: readonly Finding[]): Finding[] {
  const rank = (finding: Finding) => groupNames.indexOf(groupOf(finding));
  const frequency = (finding: Finding) => (finding.claimable ? (frequencyOf(finding)?.of100 ?? -1) : 0);
  return [...findings].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      frequency(b) - frequency(a) ||
      (a.claimable ? b.probability - a.probability : a.name.localeCompare(b.name)),
  );
}

export const inGroup = (findings: readonly Finding[], group: GroupName): Finding[] =>
  ordered(findings).filter((finding) => groupOf(finding) === group);

/** "Effusion", "Effusion and mass", "Effusion, mass and nodule". */
export function listInWords(names: readonly string[]): string {
  const words = names.map((name, index) =>
    index === 0 ? findingName(name) : findingName(name).toLowerCase(),
  );
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** The sentence that is read first: it names what is above, or says that nothing is. */
export function leadOf(findings: readonly Finding[]): string {
  if (!findings.some(({ claimable }) => claimable)) return 'The model assesses none of its findings.';
  const above = inGroup(findings, 'above').map(({ name }) => name);
  if (above.length === 0) return 'No finding is above its threshold.';
  return `${listInWords(above)} ${above.length === 1 ? 'is above its threshold' : 'are above their thresholds'}.`;
}

/** So many findings are named in a row of the list; it is narrow. */
const mostNamed = 2;

/** The result for a row of the list: "Effusion above threshold", "Effusion, mass, +2 above threshold". */
export function outcomeOf(findings: readonly Finding[]): string {
  if (!findings.some(({ claimable }) => claimable)) return 'No finding assessed';
  const above = inGroup(findings, 'above').map(({ name }) => name);
  if (above.length === 0) return 'No finding above threshold';
  if (above.length <= mostNamed) return `${listInWords(above)} above threshold`;
  const [first, ...others] = above.slice(0, mostNamed).map(findingName);
  const named = [first, ...others.map((name) => name.toLowerCase())].join(', ');
  return `${named}, +${above.length - mostNamed} above threshold`;
}

/** What the first sentence leaves out: where the model cannot tell, and what was not assessed. */
export function restOf(findings: readonly Finding[]): readonly string[] {
  const unsure = inGroup(findings, 'indeterminate').map(({ name }) => name);
  const below = inGroup(findings, 'below').length;
  // By name: a mass that was never looked for must not hide in a number.
  const unassessed = inGroup(findings, 'unassessed').map(({ name }) => name);
  return [
    ...(unsure.length > 0 ? [`The model cannot tell about ${listInWords(unsure).toLowerCase()}.`] : []),
    ...(below > 0 ? [`${below} ${below === 1 ? 'is' : 'are'} below; below does not mean absent.`] : []),
    ...(unassessed.length > 0 ? [`Not assessed: ${listInWords(unassessed).toLowerCase()}.`] : []),
  ];
}

/** What the map of a finding over the film says, and what it does not say. */
export const evidenceInWords = (name: string): string =>
  `${name}: orange parts of the film raised the model’s estimate, blue ones lowered it. It is no outline of a finding: for an earlier model such maps met radiologists’ boxes hardly better than chance, and for this one it was not measured.`;

/** "32 of 100"; a small share that would round to none is said to be small. */
export const frequencyInWords = ({ of100, withFinding }: Frequency): string =>
  withFinding > 0 && Math.round(of100) === 0 ? 'fewer than 1 of 100' : `${Math.round(of100)} of 100`;

/** "20–46": the interval, rounded outwards so that it never looks narrower than it is. */
export const intervalInWords = ({ low, high }: Frequency): string =>
  `${Math.floor(low + 1e-9)}–${Math.ceil(high - 1e-9)}`;

/** Of 100 reference films of any score, how many had the finding: what a frequency is compared with. */
export function usualInWords(finding: Finding): string {
  const { films, withFinding } = referenceSize(finding);
  const of100 = (100 * withFinding) / Math.max(films, 1);
  return withFinding > 0 && of100 < 0.5 ? 'fewer than 1' : String(Math.round(of100));
}

/**
 * Of 100 reference films without a finding, about how many score lower than a film that is above the threshold. It holds
 * for the finding with the weakest threshold; null where no finding has enough reference films.
 */
export function aboveMeans(findings: readonly Finding[]): number | null {
  const known = findings.flatMap(({ claimable, reference }) =>
    claimable && reference.atHigh.specificity !== null ? [reference.atHigh.specificity] : [],
  );
  return known.length === 0 ? null : Math.round(100 * Math.min(...known));
}

/** Fewer reference films with a finding than this give no claim (native-models/<bundle>/MODEL_CARD.md). */
const fewestPositives = 10;

/** Why the model gives no answer about a finding. */
export function whyUnassessed(withFinding: number): string {
  if (withFinding >= fewestPositives) return 'too few training films, or not clearly better than chance';
  return withFinding === 0 ? 'no reference film had it' : `only ${withFinding} reference films had it`;
}
