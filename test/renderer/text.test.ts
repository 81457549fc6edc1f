import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../contract/errors.ts';
import { stageNames } from '../../contract/stages.ts';
import { unreachableReasons } from '../../contract/unreachable.ts';
import { errorTextOf, unreachableTexts } from '../../renderer/lib/error-reason.ts';
import { errorTexts, technicalLine } from '../../renderer/lib/error-text.ts';
import { bytesInWords, findingName, percentInWords, stageWords } from '../../renderer/lib/words.ts';

describe('texts of the window', () => {
  it('has a text with advice for every error code, and no other', () => {
    const codes = Object.keys(errorTexts).sort();
    expect(codes, 'a text in renderer/lib/error-text.ts for each code').toEqual([...errorCodes].sort());
    for (const { title, advice } of Object.values(errorTexts)) {
      expect(title).toMatch(/^[A-Z].{4,}\.$/);
      expect(advice).toMatch(/^[A-Z].{10,}\.$/);
    }
  });
  it('says why the evaluator was not reached, and each reason in other words', () => {
    expect(Object.keys(unreachableTexts)).toEqual([...unreachableReasons]);
    const titles = unreachableReasons.map(
      (reason) => errorTextOf({ code: 'evaluator-unreachable', detail: { reason } }).title,
    );
    expect(new Set(titles).size).toBe(unreachableReasons.length);
    for (const { title, advice } of Object.values(unreachableTexts)) {
      expect(title).toMatch(/^[A-Z].{4,}\.$/);
      expect(advice).toMatch(/^[A-Z].{10,}\.$/);
    }
    // An error that an older version kept in the worklist.
    const kept = JSON.parse('{"code":"evaluator-unreachable","detail":{}}');
    expect(errorTextOf(kept)).toBe(errorTexts['evaluator-unreachable']);
  });
  it('says which file of settings is broken', () => {
    const of = (file: string) =>
      errorTextOf({ code: 'setting-invalid', detail: { file, reason: 'not JSON' } }).title;
    expect(of('policy.json')).toMatch(/policy/);
    expect(of('config.json')).toMatch(/own file/);
    expect(errorTextOf({ code: 'setting-invalid', detail: { setting: 'tokenFile', reason: '' } })).toBe(
      errorTexts['setting-invalid'],
    );
  });
  it('has words for every stage', () => {
    expect(Object.keys(stageWords)).toEqual([...stageNames]);
  });
  it('puts code and detail in one line', () => {
    expect(technicalLine({ code: 'dicom-truncated', detail: { got: 3, expected: 8 } })).toBe(
      'dicom-truncated · got 3 · expected 8',
    );
  });
  it('writes sizes and names as people read them', () => {
    expect([0, 999, 1000, 28_400_000, 2_100_000].map(bytesInWords)).toEqual([
      '0 B',
      '999 B',
      '1.0\u00a0kB',
      '28\u00a0MB',
      '2.1\u00a0MB',
    ]);
    expect(findingName('Pleural_Thickening')).toBe('Pleural thickening');
    expect([0.0219, 0.0999, 0.1, 1].map(percentInWords)).toEqual([
      '2.2\u00a0%',
      '10.0\u00a0%',
      '10\u00a0%',
      '100\u00a0%',
    ]);
  });
});
