import { describe, expect, it } from 'vitest';
import { auroc, macroAuroc, patientBootstrap } from '../../tools/evaluate/auroc.ts';
import { readLabelTable } from '../../tools/evaluate/label-table.ts';

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
    const [low, high] = patientBootstrap(rows, 1, 200);
    expect(patientBootstrap(rows, 1, 200)).toEqual([low, high]);
    const { macro } = macroAuroc(rows, 1);
    expect(low).toBeLessThan(macro!);
    expect(high).toBeGreaterThanOrEqual(macro!);
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
});
