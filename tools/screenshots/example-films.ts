import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'jpeg-js';
import { dicomBytes, type Field } from '../../test/dicom/dicom-bytes.ts';
import { root } from '../../test/e2e/window.ts';

/** The radiographs that the repository ships, under made-up names. One patient has two studies. */
const people = [
  { file: '00001405_000', name: 'Example^Ada', id: 'EX-1001', date: '20240212', sex: 'F', birth: '19610314' },
  { file: '00001862_003', name: 'Example^Ben', id: 'EX-1002', date: '20240213', sex: 'M', birth: '19550702' },
  { file: '00002264_000', name: 'Example^Ben', id: 'EX-1002', date: '20230105', sex: 'M', birth: '19550702' },
  {
    file: '00002613_001',
    name: 'Example^Cleo',
    id: 'EX-1003',
    date: '20240214',
    sex: 'F',
    birth: '19780121',
  },
] as const;

/** A small radiograph as a DX file of a study of its own. */
function film({ file, name, id, date, sex, birth }: (typeof people)[number], number: number): Uint8Array {
  const { width, height, data } = decode(
    readFileSync(join(root, 'test', 'fixtures', 'parity', file, 'radiograph.jpg')),
    { useTArray: true },
  );
  const pixels = Array.from({ length: width * height }, (_, index) => data[4 * index]! * 16);
  const fields: readonly Field[] = [
    ['00080018', 'UI', `1.2.826.0.1.3680043.10.1.${number}.1.1`],
    ['0020000d', 'UI', `1.2.826.0.1.3680043.10.1.${number}`],
    ['0020000e', 'UI', `1.2.826.0.1.3680043.10.1.${number}.1`],
    ['00080020', 'DA', date],
    ['00080060', 'CS', 'DX'],
    ['00081030', 'LO', 'Chest PA'],
    ['00100010', 'PN', name],
    ['00100020', 'LO', id],
    ['00100030', 'DA', birth],
    ['00100040', 'CS', sex],
    ['00185101', 'CS', 'PA'],
    ['00280010', 'US', [height]],
    ['00280011', 'US', [width]],
  ];
  return dicomBytes(pixels, Object.fromEntries(fields.map((field) => [field[0], field])));
}

/** Writes the films into a folder, with a file that is no radiograph. */
export function writeExampleFilms(folder: string): void {
  people.forEach((person, index) => {
    writeFileSync(join(folder, `${person.file}.dcm`), film(person, index + 1));
  });
  writeFileSync(join(folder, 'report.txt'), 'no radiograph');
}
