import { describe, expect, it } from 'vitest';
import { stageNames } from '../../contract/stages.ts';
import {
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
