import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseBundleId } from '../../contract/ids/bundle-id.ts';
import { announced } from '../../renderer/lib/announce.ts';
import { gateInWords } from '../../renderer/lib/gate.ts';
import { ageInYears, cautionsOf, limitsOf } from '../../renderer/lib/limits.ts';
import { priorOf } from '../../renderer/lib/prior.ts';
import { storedPrevalences, withPrevalence } from '../../renderer/settings/prevalences.ts';
import { doneRow, exampleResult, findingsAt, idOf, studyRow } from './study-rows.ts';

const models = join(import.meta.dirname, '..', '..', 'native-models');

describe('the limits of a model', () => {
  it('are those of its model card, for every bundle that ships', () => {
    const cards = readdirSync(models, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('MODEL_CARD.md'),
    );
    expect(cards.length).toBeGreaterThan(0);
    for (const path of cards) {
      const card = readFileSync(join(models, path), 'utf8').replace(/\s+/g, ' ');
      const limits = limitsOf(/# Model card: (\S+)/.exec(card)![1]!)!;
      expect(limits, path).not.toBeNull();
      const said = Object.values(limits).join(' ');
      // What the card says, in its own figures.
      const [, films] = /trained on (\d+) labelled images of one hospital at 128 × 128 or less/.exec(card)!;
      expect(said).toContain(`${Number(films).toLocaleString('en')} frontal films of one hospital`);
      for (const split of ['val', 'test']) {
        const [, auroc] = new RegExp(
          `\\| ${split} \\| \\d+ \\| \\d+ \\| \\d+ \\| \\d+ \\| (0\\.\\d+) \\(`,
        ).exec(card)!;
        expect(said).toContain(Number(auroc).toFixed(2));
      }
      expect(card).toContain('text-mined and about 90 % accurate');
      expect(said).toContain('about 90 % right');
      expect(card).toContain('Adults and children, PA and AP are mixed; lateral views are not covered.');
      expect(said).toContain('Adults and children, PA and AP are mixed.');
      expect(card).toContain('does not tell whether a film is good enough to read');
    }
  });
  it('are not made up for a bundle that this program does not know', () => {
    expect(limitsOf('cxr-other')).toBeNull();
    expect(limitsOf('constructor')).toBeNull();
  });
});

describe('cautions about a film', () => {
  const of = (age: string | null, birthDate: string | null = null) => {
    const row = studyRow(1);
    return ageInYears({ ...row, patient: { ...row.patient, age, birthDate } });
  };
  it('read the age as DICOM writes it, else from the dates', () => {
    expect(of('057Y')).toBe(57);
    expect(of('018M')).toBe(1.5);
    expect(of('010D')).toBeCloseTo(0.027, 3);
    // From 14 March 2010 to 12 February 2024: 13 whole years.
    expect(Math.floor(of(null, '2010-03-14')!)).toBe(13);
    expect(of(null)).toBeNull();
    expect(of('old')).toBeNull();
    // Born after the study: one of the dates is wrong.
    expect(of(null, '2030-01-01')).toBeNull();
  });
  it('are none for an ordinary film of an adult', () => {
    expect(cautionsOf(doneRow(1, {}))).toEqual([]);
    expect(cautionsOf(studyRow(1))).toEqual([]);
  });
  it('name the child, the view, the exchange of black and white and the loss', () => {
    const plain = exampleResult([]);
    const row = doneRow(
      1,
      {},
      {
        patient: { ...studyRow(1).patient, age: '007Y' },
        result: {
          ...plain,
          facts: { ...plain.facts, viewPosition: 'AP', lossy: true },
          input: { ...plain.input, inverted: true },
        },
      },
    );
    expect(cautionsOf(row)).toHaveLength(4);
    expect(cautionsOf(row)[0]).toContain('black and white exchanged');
    expect(cautionsOf(row)[1]).toContain('7 years old');
  });
});

describe('an earlier result', () => {
  const study = { uid: '1', date: '2023-01-05', time: null, accession: null, description: null };
  const earlier = doneRow(8, { Effusion: 'above' }, { study });
  const now = doneRow(1, {}, { priorId: idOf(8) });

  it('stands beside this one when the very same model gave it', () => {
    const prior = priorOf(now, [now, earlier]);
    expect(prior).toMatchObject({ kind: 'comparable', date: 'of 5 Jan 2023' });
    expect(prior?.kind === 'comparable' && prior.findings.get('Effusion')?.verdict).toBe('above');
  });
  it('does not when another model of the same name gave it', () => {
    const result = { ...earlier.result!, bundle: { name: 'cxr-f8-r1', id: parseBundleId('e'.repeat(64)) } };
    expect(priorOf(now, [now, { ...earlier, result }])).toMatchObject({ kind: 'not comparable' });
  });
  it('is said to be missing when the earlier study has none, and is nothing when there is no earlier study', () => {
    const unread = studyRow(8, { study });
    expect(priorOf(now, [now, unread])).toMatchObject({ kind: 'not comparable', why: 'has no result' });
    expect(priorOf(now, [now])).toBeNull();
  });
});

describe('the verdict of the input gate', () => {
  const { input } = exampleResult([]);
  it('says that a film is like those of the training', () => {
    expect(gateInWords(input)).toMatch(/^All three measures are well within/);
  });
  it('says which limit a film nearly met', () => {
    // Nine tenths of 3.46 are 3.114, of 1.35 are 1.215; one decibel above 23.18 is 24.18.
    expect(gateInWords({ ...input, distance: 3.2 })).toContain('far from the training films');
    expect(gateInWords({ ...input, distance: 3.1 })).toMatch(/^All three/);
    expect(gateInWords({ ...input, size: 1.22, psnr: 24 })).toMatch(/strongest encoding.* and is redrawn/);
  });
});

describe('what a screen reader says', () => {
  const states = (...rows: Parameters<typeof announced>[1]) => announced(new Map(), rows, null).known;
  const working = studyRow(1, { state: 'working' });
  const done = doneRow(1, { Effusion: 'above' });

  it('is the first sentence of a result, once', () => {
    const first = announced(states(working), [done], idOf(1));
    expect(first.text).toBe('Result ready. Effusion is above its threshold.');
    expect(announced(first.known, [done], idOf(1)).text).toBeNull();
  });
  it('is nothing about a study that was done before', () => {
    expect(announced(new Map(), [done], idOf(1)).text).toBeNull();
  });
  it('names no patient, and no finding of a study that is not on the screen', () => {
    const { text } = announced(states(working), [done], idOf(2));
    expect(text).toBe('Another study in the list: result ready.');
  });
  it('is said again when a study is classified again', () => {
    const once = announced(states(done), [working], idOf(1));
    expect(announced(once.known, [done], idOf(1)).text).toMatch(/^Result ready/);
  });
});

describe('prevalences that a person set', () => {
  it('survive being kept as text', () => {
    const kept = withPrevalence({}, 'Effusion', 0.12);
    expect(storedPrevalences(JSON.stringify(kept))).toEqual({ Effusion: 0.12 });
  });
  it('are left out where the text is damaged or no share', () => {
    expect(storedPrevalences('{')).toEqual({});
    expect(storedPrevalences('null')).toEqual({});
    expect(storedPrevalences('{"Effusion":1.2,"Mass":0.5,"Edema":"0.1"}')).toEqual({ Mass: 0.5 });
  });
  it('give way to the reference set’s own', () => {
    expect(withPrevalence({ Effusion: 0.12 }, 'Effusion', null)).toEqual({});
    expect(withPrevalence({ Mass: 0.1 }, 'Effusion', 7)).toEqual({ Mass: 0.1 });
  });
});

it('findings of the fixtures lie where they shall', () => {
  const verdicts = new Map(
    findingsAt({ Effusion: 'above', Fibrosis: 'between' }).map((f) => [f.name, f.verdict]),
  );
  expect([verdicts.get('Effusion'), verdicts.get('Fibrosis'), verdicts.get('Emphysema')]).toEqual([
    'above',
    'indeterminate',
    'below',
  ]);
});
