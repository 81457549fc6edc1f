import { describe, expect, it } from 'vitest';
import { auroc, commonFindings, macroAuroc, patientBootstrap } from '../../tools/evaluate/auroc.ts';
import { readLabelTable } from '../../tools/evaluate/label-table.ts';
import { summarise } from '../../tools/evaluate/summarise.ts';

describe('AUROC', () => {
  it('is the share of positive-negative pairs in order, ties half', () => {
    // Positives 0.8 and 0.4; negatives 0.6, 0.4, 0.2. Pairs won: 0.8 beats all three; 0.4 beats 0.2 and ties 0.4:
    // (3 + 1 + 0.5) / 6 = 0.75.
    expect(auroc([0.8, 0.6, 0.4, 0.4, 0.2], [true, false, true, false, false])).toBeCloseTo(0.75, 12);
  });

  it('is nothing without both classes, and the mean skips such findings', () => {
    expect(auroc([1, 2], [true, true])).toBeNull();
    const rows = [
      { patient: 'a', logits: [1, 0], labels: [true, false] },
      { patient: 'b', logits: [0, 1], labels: [false, false] },
    ];
    expect(macroAuroc(rows, 2)).toEqual({ macro: 1, perFinding: [1, null] });
  });

  it('gives the same interval for the same rows, around the value', () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      patient: `p${i % 20}`,
      logits: [Math.sin(i * 12.9898) + (i % 2)],
      labels: [i % 2 === 1],
    }));
    const { macro: interval, perFinding } = patientBootstrap(rows, 1, { draws: 200 });
    expect(patientBootstrap(rows, 1, { draws: 200 }).macro).toEqual(interval);
    // Of one finding the mean is that finding.
    expect(perFinding).toEqual([interval]);
    const [low, high] = interval!;
    const { macro } = macroAuroc(rows, 1);
    expect(low).toBeLessThan(macro!);
    expect(high).toBeGreaterThanOrEqual(macro!);
  });
});

describe('a summary', () => {
  /** 40 patients with one image each: the first finding in every second one, the other in the first three. */
  const rows = Array.from({ length: 40 }, (_, i) => ({
    patient: `p${i}`,
    logits: [Math.sin(i * 12.9898) + (i % 2), i < 3 ? 1 : 0],
    labels: [i % 2 === 1, i < 3],
    encrypted: null,
  }));
  const summary = summarise(rows, ['Common', 'Rare'], 5);

  it('averages only findings with enough positives, and lists the others with theirs', () => {
    expect([...commonFindings(rows, 2, 5)]).toEqual([0]);
    expect(summary).toMatchObject({
      positives: { Common: 20, Rare: 3 },
      leastPositives: 5,
      averaged: ['Common'],
      findingsWithBothClasses: 2,
    });
    expect(summary.clear.macroAuroc).toBe(summary.clear.perFinding.Common);
    // All three positives are above all negatives.
    expect(summary.clear.perFinding.Rare).toBe(1);
    expect(summarise(rows, ['Common', 'Rare'], 3).averaged).toEqual(['Common', 'Rare']);
  });

  it('has an interval for every finding of which most draws have both classes', () => {
    const { low, high, perFindingIntervals } = summary.clear;
    expect(perFindingIntervals.Common).toEqual([low, high]);
    expect(perFindingIntervals.Rare).toEqual([1, 1]);
    // Without a positive no draw has one.
    const none = rows.map((row) => ({ ...row, labels: [row.labels[0]!, false] }));
    const { clear, averaged } = summarise(none, ['Common', 'Rare'], 1);
    expect([clear.perFinding.Rare, clear.perFindingIntervals.Rare, averaged]).toEqual([
      null,
      null,
      ['Common'],
    ]);
  });
});

describe('label tables', () => {
  it('are read by column name and filtered by split', () => {
    const text = 'file,patient_id,split,Mass,Edema\nx.jpg,p1,test,1,0\ny.jpg,p2,val,0,1\n';
    expect(readLabelTable(text, ['Edema', 'Mass'], { split: 'test' })).toEqual([
      { file: 'x.jpg', patient: 'p1', labels: [false, true] },
    ]);
    expect(() => readLabelTable(text, ['Hernia'])).toThrow(/request-invalid.*Hernia/);
    expect(() => readLabelTable(text.replace(',1', ',yes'), ['Mass'])).toThrow(/request-invalid.*1 or 0/);
    expect(() => readLabelTable('"', ['Edema'])).toThrow(/request-invalid.*CSV/);
  });

  it('may end their lines in several ways, as a table put together from several does', () => {
    const text = 'file,patient_id,Mass\r\na.png,1,1\r\nb.png,2,0\nc.png,3,1\rd.png,4,0';
    const read = readLabelTable(text, ['Mass']);
    expect(read.map(({ file, labels }) => [file, ...labels])).toEqual([
      ['a.png', true],
      ['b.png', false],
      ['c.png', true],
      ['d.png', false],
    ]);
  });

  it('reads the table as NIH publishes it', () => {
    const text =
      '\ufeffImage Index,Finding Labels,Patient ID,"Comment, free"\r\na.png,Mass|Edema,7,"x, y"\r\nb.png,No Finding,8,\r\n';
    expect(readLabelTable(text, ['Edema', 'Mass'])).toEqual([
      { file: 'a.png', patient: '7', labels: [true, true] },
      { file: 'b.png', patient: '8', labels: [false, false] },
    ]);
    expect(() => readLabelTable(text, ['Edema'], { split: 'test' })).toThrow(/request-invalid.*split/);
  });

  const nih =
    (...rows: string[]) =>
    () =>
      readLabelTable(`Image Index,Finding Labels,Patient ID\n${rows.join('\n')}\n`, [
        'Mass',
        'Pleural_Thickening',
      ]);
  it.each([
    ['another spelling', ['a.png,Mass,1', 'b.png,Pleural_thickening,1'], /"line":3.*no finding of the model/],
    ['a blank for a stroke', ['a.png,Pleural Thickening,1'], /"line":2.*no finding of the model/],
    ['blanks around the bar', ['a.png,Mass | Pleural_Thickening,1'], /"line":2.*no finding of the model/],
    ['nothing', ['a.png,,1'], /"line":2.*no finding of the model/],
    ['a finding twice', ['a.png,Mass|Mass,1'], /"line":2.*a finding twice/],
    ['none beside one', ['a.png,No Finding|Mass,1'], /"line":2.*no finding beside a finding/],
    ['an image twice', ['a.png,Mass,1', 'b.png,Mass,1', 'a.png,No Finding,1'], /"line":4.*line 2 already/],
    ['no patient', ['a.png,Mass,'], /"line":2.*empty/],
    ['no file', [',Mass,1'], /"line":2.*empty/],
  ])('refuse %s, naming the row', (_, rows, message) => {
    expect(nih(...rows)).toThrow(message);
  });
  it('refuse a column that is there twice, and a wrong row of another split', () => {
    expect(() => readLabelTable('file,patient_id,Mass,Mass\na.png,1,0,1\n', ['Mass'])).toThrow(
      /Mass.*there twice/,
    );
    const table = 'file,patient_id,split,Mass\na.png,1,val,1\nb.png,2,test,maybe\n';
    expect(() => readLabelTable(table, ['Mass'], { split: 'val' })).toThrow(/"line":3.*1 or 0/);
  });
});
