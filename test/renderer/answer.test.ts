import { describe, expect, it } from 'vitest';
import type { Finding } from '../../contract/stages.ts';
import { findingName } from '../../contract/words/finding-words.ts';
import {
  aboveMeans,
  frequencyInWords,
  inGroup,
  intervalInWords,
  leadOf,
  listInWords,
  ordered,
  restOf,
  usualInWords,
  whyUnassessed,
} from '../../renderer/lib/answer.ts';
import { frequencyOf, outsideOf, referenceSize, zonePlace } from '../../renderer/lib/reference.ts';
import { findingsAt } from './study-rows.ts';

/** A finding whose reference histogram has four bins: log-odds −2 … −1 … 0 … 1 … 2. */
function finding(changes: Partial<Finding> & { readonly logOdds?: number } = {}): Finding {
  const { logOdds = 0.5, ...others } = changes;
  return {
    name: 'Mass',
    logit: 0,
    probability: 1 / (1 + Math.exp(-logOdds)),
    verdict: 'below',
    low: 1 / (1 + Math.exp(1)),
    high: 1 / (1 + Math.exp(-1)),
    claimable: true,
    regions: null,
    reference: {
      edges: [-2, -1, 0, 1, 2],
      positives: [0, 2, 9, 5],
      negatives: [60, 30, 36, 3],
      prevalence: 0.1,
      atLow: { sensitivity: null, specificity: null },
      atHigh: { sensitivity: null, specificity: null },
    },
    ...others,
  };
}

describe('what a score means', () => {
  it('counts the reference films of the study’s own bin where they are many enough', () => {
    // Log-odds 0.5 lies in the third bin: 9 of 9 + 36 = 45 films had it.
    expect(frequencyOf(finding())).toMatchObject({ films: 45, withFinding: 9, of100: 20 });
  });
  it('takes in a bin on each side where they are few', () => {
    // The last bin holds 8 films; with its one neighbour 5 + 9 of 8 + 45 = 53.
    expect(frequencyOf(finding({ logOdds: 1.5 }))).toMatchObject({ films: 53, withFinding: 14 });
    // The second bin holds 32; with both neighbours 0 + 2 + 9 of 60 + 32 + 45 = 137.
    expect(frequencyOf(finding({ logOdds: -0.5 }))).toMatchObject({ films: 137, withFinding: 11 });
  });
  it('gives Wilson’s interval', () => {
    // 9 of 45, z = 1.96, z² = 3.8416: middle (0.2 + 3.8416/90)/(1 + 3.8416/45) = 0.22360;
    // half 1.96·√(0.16/45 + 3.8416/8100)/1.08537 = 0.11461: from 10.9 to 33.8 of 100.
    const frequency = frequencyOf(finding())!;
    expect(frequency.low).toBeCloseTo(10.9, 1);
    expect(frequency.high).toBeCloseTo(33.82, 1);
    expect(intervalInWords(frequency)).toBe('10–34');
  });
  it('never says none where some had it, and gives none an upper end', () => {
    expect(frequencyInWords({ films: 400, withFinding: 1, of100: 0.25, low: 0, high: 1.4 })).toBe(
      'fewer than 1 of 100',
    );
    // None of 60: Wilson's upper end is z²/(n + z²) = 3.8416/63.8416 = 6.02 of 100.
    const none = frequencyOf(finding({ logOdds: -1.5 }))!;
    expect(frequencyInWords(none)).toBe('0 of 100');
    expect(none.high).toBeCloseTo(6.02, 2);
    expect(intervalInWords(none)).toBe('0–7');
  });
  it('says when a study scored outside all reference films, and counts at the nearest end', () => {
    expect(outsideOf(finding({ logOdds: 2.5 }))).toBe('higher');
    expect(outsideOf(finding({ logOdds: -2.5 }))).toBe('lower');
    expect(outsideOf(finding())).toBeNull();
    expect(frequencyOf(finding({ logOdds: 9 }))).toEqual(frequencyOf(finding({ logOdds: 1.5 })));
    expect(frequencyOf(finding({ logOdds: -9 }))).toEqual(frequencyOf(finding({ logOdds: -1.5 })));
  });
  it('has nothing to say without reference films', () => {
    const { reference } = finding();
    const empty = finding({ reference: { ...reference, positives: [0, 0, 0, 0], negatives: [0, 0, 0, 0] } });
    expect(frequencyOf(empty)).toBeNull();
    expect(referenceSize(finding())).toEqual({ films: 145, withFinding: 16 });
  });
  it('places the study in thirds: below, between, above', () => {
    // Thresholds at log-odds −1 and 1, edges at ±2: halfway through each zone is −1.5, 0 and 1.5.
    expect(zonePlace(finding({ logOdds: -1.5 }))).toBeCloseTo(1 / 6);
    expect(zonePlace(finding({ logOdds: 0 }))).toBeCloseTo(1 / 2);
    expect(zonePlace(finding({ logOdds: 1.5 }))).toBeCloseTo(5 / 6);
    expect(zonePlace(finding({ logOdds: 99 }))).toBe(1);
    expect(zonePlace(finding({ logOdds: -99 }))).toBe(0);
  });
});

describe('the sentence that is read first', () => {
  it('names what is above its threshold', () => {
    expect(leadOf(findingsAt({ Effusion: 'above' }))).toBe('Effusion is above its threshold.');
    expect(leadOf(findingsAt({ Effusion: 'above', Pleural_Thickening: 'above' }))).toMatch(
      /^(Effusion and pleural thickening|Pleural thickening and effusion) are above their thresholds\.$/,
    );
  });
  it('says when nothing is, and that below does not mean absent', () => {
    const none = findingsAt({});
    expect(leadOf(none)).toBe('No finding is above its threshold.');
    // The shipped bundle claims 8 of its 14 findings.
    const [below, unassessed] = restOf(none);
    expect(below).toBe('8 are below; below does not mean absent.');
    const names = none
      .filter(({ claimable }) => !claimable)
      .map(({ name }) => findingName(name).toLowerCase());
    expect(names).toHaveLength(6);
    for (const name of names) expect(unassessed).toContain(name);
  });
  it('names where the model cannot tell', () => {
    expect(restOf(findingsAt({ Fibrosis: 'between' }))[0]).toBe('The model cannot tell about fibrosis.');
  });
  it('never counts a finding without a claim as above', () => {
    expect(leadOf(findingsAt({ Mass: 'above', Hernia: 'above' }))).toBe('No finding is above its threshold.');
    expect(leadOf(findingsAt({}).filter(({ claimable }) => !claimable))).toBe(
      'The model assesses none of its findings.',
    );
  });
  it('joins names as a sentence does', () => {
    expect(listInWords(['Mass'])).toBe('Mass');
    expect(listInWords(['Mass', 'Pleural_Thickening', 'Edema'])).toBe('Mass, pleural thickening and edema');
  });
});

describe('the order of findings', () => {
  it('goes by group, then by frequency', () => {
    const many = finding({ name: 'many', logOdds: 0.5 });
    const few = finding({ name: 'few', logOdds: -1.5 });
    // The likeliest of all, yet its group is read later.
    const sure = finding({ name: 'sure', logOdds: 1.5 });
    const mixed = [
      few,
      finding({ name: 'silent', logOdds: 1.5, verdict: 'above', claimable: false }),
      sure,
      finding({ name: 'unsure', logOdds: -1.5, verdict: 'indeterminate' }),
      many,
      finding({ name: 'telling', logOdds: -1.5, verdict: 'above' }),
    ];
    // Frequencies of the group below: sure 14/53, many 9/45, few 0/60.
    expect(ordered(mixed).map(({ name }) => name)).toEqual([
      'telling',
      'unsure',
      'sure',
      'many',
      'few',
      'silent',
    ]);
    expect(inGroup(mixed, 'below').map(({ name }) => name)).toEqual(['sure', 'many', 'few']);
  });
  it('leaves the list that it is given as it is', () => {
    const list = [finding({ name: 'b' }), finding({ name: 'a', verdict: 'above' })];
    ordered(list);
    expect(list.map(({ name }) => name)).toEqual(['b', 'a']);
  });
});

describe('what a frequency is compared with', () => {
  it('is how common the finding is among all reference films', () => {
    // 16 of 145 is 11.03 of 100; 1 of 400 is a quarter.
    expect(usualInWords(finding())).toBe('11');
    const { reference } = finding();
    const rare = finding({ reference: { ...reference, positives: [0, 0, 0, 1], negatives: [399, 0, 0, 0] } });
    expect(usualInWords(rare)).toBe('fewer than 1');
  });
  it('says what above means by the weakest threshold of those that are assessed', () => {
    const at = (specificity: number | null, claimable = true) => {
      const { reference } = finding();
      return finding({ claimable, reference: { ...reference, atHigh: { sensitivity: 0.3, specificity } } });
    };
    expect(aboveMeans([at(0.95), at(0.899), at(0.2, false), at(null)])).toBe(90);
    expect(aboveMeans([at(null)])).toBeNull();
  });
});

it('gives the reason for which a finding is not assessed', () => {
  expect(whyUnassessed(0)).toBe('no reference film had it');
  expect(whyUnassessed(6)).toBe('only 6 reference films had it');
  expect(whyUnassessed(10)).toMatch(/^too few training films/);
});
