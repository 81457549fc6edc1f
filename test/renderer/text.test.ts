import { describe, expect, it } from 'vitest';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { stageNames } from '../../contract/stages.ts';
import {
  ageAtStudy,
  ageInWords,
  bytesInWords,
  findingName,
  percentInWords,
  stageWords,
} from '../../renderer/lib/words.ts';

describe('texts of the window', () => {
  it('has words for every stage', () => {
    expect(Object.keys(stageWords)).toEqual([...stageNames]);
  });
  it('writes ages with their unit, and another text as the file has it', () => {
    expect(['045Y', '006M', '010D', 'adult', null].map(ageInWords)).toEqual([
      '45 y',
      '6 m',
      '10 d',
      'adult',
      null,
    ]);
  });
  it('takes the age at the study from the dates where the file states none', () => {
    const at = (birthDate: string | null, date: string | null, age: string | null = null) =>
      ageAtStudy({ patient: { birthDate, age }, study: { date } } as unknown as StudyRow);
    expect(at('1961-03-14', '2024-02-12', '045Y')).toBe('45 y');
    // The day before the 63rd birthday, and the birthday itself.
    expect([at('1961-03-14', '2024-03-13'), at('1961-03-14', '2024-03-14')]).toEqual(['62 y', '63 y']);
    // DICOM writes up to 23 months in months, and less than one in days.
    expect([at('2022-02-13', '2024-02-12'), at('2024-01-20', '2024-02-12')]).toEqual(['23 m', '23 d']);
    expect([at(null, '2024-02-12'), at('1961-03-14', null), at('2025-01-01', '2024-02-12')]).toEqual([
      null,
      null,
      null,
    ]);
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
