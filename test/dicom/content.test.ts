import { describe, expect, it } from 'vitest';
import { nameOf } from '../../contract/image/orientation.ts';
import { nothingStated } from '../../contract/image/stated-content.ts';
import { readDicom } from '../../dicom/read.ts';
import { dicomBytes, type Field, plantedName, sequence } from './dicom-bytes.ts';

const contentOf = (...fields: Field[]) =>
  readDicom(dicomBytes([1, 2], Object.fromEntries(fields.map((field) => [field[0], field])))).content;
const region = (value: string, meaning: string): Field =>
  sequence('00082218', [
    ['00080100', 'SH', value],
    ['00080104', 'LO', meaning],
  ]);

describe('what a header says of its image', () => {
  it('is nothing where it says nothing, or nothing that is known', () => {
    expect(contentOf()).toEqual(nothingStated);
    const planted = contentOf(
      ['00180015', 'CS', plantedName],
      ['00200020', 'CS', `${plantedName}\\F`],
      ['00200060', 'CS', plantedName],
      ['00101010', 'AS', plantedName],
      region(plantedName, plantedName),
    );
    expect(planted).toEqual(nothingStated);
  });

  it('is the part of the body by its term, however it is spelled, or by the code of its region', () => {
    expect(contentOf(['00180015', 'CS', 'CHEST']).bodyPart).toBe('CHEST');
    expect(contentOf(['00180015', 'CS', 'Thorax']).bodyPart).toBe('CHEST');
    expect(contentOf(['00180015', 'CS', 'C SPINE']).bodyPart).toBe('CSPINE');
    expect(contentOf(['00180015', 'CS', 'WHOLE_BODY']).bodyPart).toBe('WHOLEBODY');
    expect(contentOf(region('85562004', 'Main')).bodyPart).toBe('HAND');
    expect(contentOf(region('1', 'Knee')).bodyPart).toBe('KNEE');
    expect(contentOf(['00180015', 'CS', 'CHEST'], region('85562004', 'Hand')).bodyPart).toBe('CHEST');
  });

  it('is one side, of the image before the series', () => {
    expect(contentOf(['00200060', 'CS', 'L']).side).toBe('left');
    expect(contentOf(['00200060', 'CS', 'L'], ['00200062', 'CS', 'R']).side).toBe('right');
    expect(contentOf(['00200062', 'CS', 'B']).side).toBeNull();
  });

  // Upright, rows run to the patient's left and columns to the feet. A quarter to the left brings the right edge up.
  it.each([
    ['L\\F', 'upright'],
    ['F\\R', 'turned left'],
    ['R\\H', 'upside down'],
    ['H\\L', 'turned right'],
    ['R\\F', 'mirrored'],
    ['F\\L', 'mirrored and turned left'],
    ['L\\H', 'mirrored and upside down'],
    ['H\\R', 'mirrored and turned right'],
    ['LH\\FL', 'upright'],
  ])('is how the film lies: %s is %s', (stated, name) => {
    expect(nameOf(contentOf(['00200020', 'CS', stated]).orientation!)).toBe(name);
  });
  it.each(['L\\R', 'A\\F', 'F', ''])('is no way of lying where the directions are %s', (stated) => {
    expect(contentOf(['00200020', 'CS', stated]).orientation).toBeNull();
  });

  it('is raw data, by intent or by class', () => {
    expect(contentOf(['00080068', 'CS', 'FOR PROCESSING']).isRaw).toBe(true);
    expect(contentOf(['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.1.1.1']).isRaw).toBe(true);
    expect(contentOf(['00080068', 'CS', 'FOR PRESENTATION']).isRaw).toBe(false);
  });

  it('is an age of less than two years, as yes or no', () => {
    const ages = ['001Y', '023M', '103W', '729D', '002Y', '024M', '105W', '057Y'];
    expect(ages.map((age) => contentOf(['00101010', 'AS', age]).isInfant)).toEqual([
      ...[true, true, true, true],
      ...[false, false, false, false],
    ]);
  });
});
