import { describe, expect, it } from 'vitest';
import { readHeader } from '../../dicom/header.ts';
import { readDicom } from '../../dicom/read.ts';
import { dicomBytes, type Field, sequence } from './dicom-bytes.ts';

/** The view as the window and as the engine are told it. */
const views = (...fields: Field[]) => {
  const bytes = dicomBytes([1, 2], Object.fromEntries(fields.map((field) => [field[0], field])));
  return [readHeader(bytes).image.view, readDicom(bytes).viewPosition];
};
const code = (value: string, meaning: string): Field =>
  sequence('00540220', [
    ['00080100', 'SH', value],
    ['00080104', 'LO', meaning],
  ]);
const both = (view: string | null) => [view, view];

describe('the view of an image', () => {
  it('is View Position, in capitals or not', () => {
    expect(views(['00185101', 'CS', 'PA'])).toEqual(both('PA'));
    expect(views(['00185101', 'CS', 'Lateral'])).toEqual(both('LATERAL'));
    expect(views(['00185101', 'CS', 'll'])).toEqual(both('LL'));
  });
  it('is nothing known where View Position is another term, which the window is told', () => {
    expect(views(['00185101', 'CS', 'XTABLE'], ['0008103e', 'LO', 'lateral'])).toEqual(['XTABLE', null]);
  });
  it('is that of the code, in either edition of SNOMED', () => {
    expect(views(code('272479007', 'postero-anterior'))).toEqual(both('PA'));
    expect(views(code('R-10206', 'AP view'))).toEqual(both('AP'));
    expect(views(code('399173006', ''))).toEqual(both('LL'));
    expect(views(code('1', 'Right Lateral'))).toEqual(both('RL'));
    expect(views(code('1', 'Mr Smith'))).toEqual(both(null));
  });
  it('is lateral where code and words disagree', () => {
    expect(views(code('399348003', 'right lateral'))).toEqual(both('RL'));
    expect(views(code('399198007', 'antero-posterior'))).toEqual(both('RL'));
  });
  it('is lateral where a row runs to the front or the back', () => {
    expect(views(['00200020', 'CS', 'A\\F'])).toEqual(both('LAT'));
    expect(views(['00200020', 'CS', 'P\\F'])).toEqual(both('LAT'));
    expect(views(['00200020', 'CS', 'L\\F'])).toEqual(both(null));
  });
  it('is lateral where the series is named after it, and after no frontal view', () => {
    expect(views(['0008103e', 'LO', 'Chest lateral'])).toEqual(both('LAT'));
    expect(views(['0008103e', 'LO', 'Thorax seitlich'])).toEqual(both('LAT'));
    expect(views(['0008103e', 'LO', 'CHEST PA/LAT'])).toEqual(both(null));
    expect(views(['0008103e', 'LO', 'Flat panel, plate'])).toEqual(both(null));
  });
});
