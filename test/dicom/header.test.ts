import { describe, expect, it } from 'vitest';
import { readHeader } from '../../dicom/header.ts';
import { date, personName, time } from '../../dicom/identity.ts';
import { dicomBytes, type Field } from './dicom-bytes.ts';

const header = (...fields: Field[]) =>
  readHeader(dicomBytes([1, 2], Object.fromEntries(fields.map((field) => [field[0], field]))));
const spacing = (...fields: Field[]) => header(...fields).image.spacing;

describe('who a file shows', () => {
  it('reads name, number, birth date and study', () => {
    const { patient, study } = header(
      ['00100010', 'PN', 'Meier^Anna^Maria'],
      ['00100020', 'LO', 'A-17'],
      ['00100030', 'DA', '19570428'],
      ['00100040', 'CS', 'F'],
      ['00080020', 'DA', '20240102'],
      ['00080030', 'TM', '134501.25'],
      ['00081030', 'LO', 'Chest PA'],
      ['0020000d', 'UI', '1.2.3'],
    );
    expect(patient).toMatchObject({
      name: 'Meier, Anna Maria',
      id: 'A-17',
      birthDate: '1957-04-28',
      sex: 'female',
    });
    expect(study).toMatchObject({
      uid: '1.2.3',
      date: '2024-01-02',
      time: '13:45:01',
      description: 'Chest PA',
    });
  });

  it('reads names in the character set of the file', () => {
    const german = header(['00080005', 'CS', 'ISO_IR 100'], ['00100010', 'PN', 'M\u00fcller^J\u00f6rg']);
    expect(german.patient.name).toBe('Müller, Jörg');
    const utf8 = new Uint8Array(Buffer.from('Łukasiewicz^Żaneta', 'utf8'));
    expect(header(['00080005', 'CS', 'ISO_IR 192'], ['00100010', 'PN', utf8]).patient.name).toBe(
      'Łukasiewicz, Żaneta',
    );
    // PS3.5 H.3.1: Yamada^Tarou=山田^太郎=やまだ^たろう
    const japanese = new Uint8Array([
      ...Buffer.from('='),
      ...[0x1b, 0x24, 0x42, 0x3b, 0x33, 0x45, 0x44, 0x1b, 0x28, 0x42, 0x5e],
      ...[0x1b, 0x24, 0x42, 0x42, 0x40, 0x4f, 0x3a, 0x1b, 0x28, 0x42],
    ]);
    const { patient } = header(['00080005', 'CS', '\\ISO 2022 IR 87'], ['00100010', 'PN', japanese]);
    expect(patient.name).toBe('山田, 太郎');
  });

  it('keeps what is ASCII where the character set does not exist', () => {
    const { patient } = header(['00080005', 'CS', 'NOT_A_SET'], ['00100010', 'PN', 'Meier^\u00c4nne']);
    expect(patient.name).toMatch(/^Meier, .nne$/);
  });

  it('lets no control character and no mark of direction into a label', () => {
    const bytes = new Uint8Array(Buffer.from('A\u202eB\u0007C^D', 'utf8'));
    expect(header(['00080005', 'CS', 'ISO_IR 192'], ['00100010', 'PN', bytes]).patient.name).toBe('A B C, D');
  });

  it('has null for what is absent or malformed', () => {
    const { patient, study, image } = header(
      ['00100010', 'PN', '^^'],
      ['00100030', 'DA', '19571399'],
      ['00100040', 'CS', 'X'],
    );
    expect([patient.name, patient.birthDate, patient.sex, study.date]).toEqual([null, null, null, null]);
    expect([image.orientation, image.laterality, image.spacing]).toEqual([null, null, null]);
  });

  it('tells files without identifiers apart by their content', () => {
    const [one, two] = [dicomBytes([1, 2]), dicomBytes([1, 3])].map((bytes) => readHeader(bytes).study.uid);
    expect(one).toMatch(/^none-[0-9a-f]{32}$/);
    expect(one).not.toBe(two);
  });

  it('writes names, dates and times as people do', () => {
    expect(personName('^^')).toBeNull();
    expect(personName('Doe')).toBe('Doe');
    expect(personName('=Yamada^Tarou')).toBe('Yamada, Tarou');
    expect([date('2024.01.02'), date('20240230'), date('x')]).toEqual(['2024-01-02', '2024-02-30', null]);
    expect([time('13'), time('1345'), time('13:45:59'), time('2500')]).toEqual([
      '13:00:00',
      '13:45:00',
      '13:45:59',
      null,
    ]);
  });
});

describe('what a distance in the image means', () => {
  const detector: Field = ['00181164', 'DS', '0.2\\0.1'];

  it('is the detector’s plane where the file knows no better', () => {
    expect(spacing(detector)).toEqual({ row: 0.2, column: 0.1, plane: 'detector' });
    expect(spacing(detector, ['00280030', 'DS', '0.2\\0.1'])).toMatchObject({ plane: 'detector' });
  });
  it('is divided by the magnification that the file estimates', () => {
    expect(spacing(detector, ['00181114', 'DS', '1.25'])).toEqual({
      row: 0.16,
      column: 0.08,
      plane: 'corrected',
    });
  });
  it('is calibrated where the file says so, or differs from the detector', () => {
    const stated: Field = ['00280030', 'DS', '0.15\\0.15'];
    expect(spacing(detector, stated)).toEqual({ row: 0.15, column: 0.15, plane: 'calibrated' });
    expect(spacing(stated, ['00280a02', 'CS', 'FIDUCIAL'])).toMatchObject({ plane: 'calibrated' });
  });
  it('is unstated where only Pixel Spacing is there, and none where it is not positive', () => {
    expect(spacing(['00280030', 'DS', '0.15\\0.15'])).toMatchObject({ plane: 'unstated' });
    expect(spacing(['00280030', 'DS', '0\\0'])).toBeNull();
    expect(spacing(['00280030', 'DS', '0.15'])).toBeNull();
  });
});
