import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../contract/errors.ts';
import { unreachableReasons } from '../../contract/unreachable.ts';
import { errorTextOf, unreachableTexts } from '../../contract/words/error-reason.ts';
import { errorTexts, technicalLine } from '../../contract/words/error-text.ts';

describe('texts of errors', () => {
  it('has a text with advice for every error code, and no other', () => {
    const codes = Object.keys(errorTexts).sort();
    expect(codes, 'a text in contract/words/error-text.ts for each code').toEqual([...errorCodes].sort());
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
  it('name no button and no way of opening that only the window has', () => {
    const all = [...Object.values(errorTexts), ...Object.values(unreachableTexts)];
    for (const { title, advice } of all)
      expect(`${title} ${advice}`).not.toMatch(/\b[Dd]rop\b|\b[Cc]lick|\b[Bb]utton|hoose Try/);
  });
  it('puts code and detail in one line', () => {
    expect(technicalLine({ code: 'dicom-truncated', detail: { got: 3, expected: 8 } })).toBe(
      'dicom-truncated · got 3 · expected 8',
    );
  });
});
