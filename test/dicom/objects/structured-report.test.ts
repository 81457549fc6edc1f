import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { parseBundleId } from '../../../contract/ids/bundle-id.ts';
import { parseDigest } from '../../../contract/ids/digest.ts';
import type { SourceImage } from '../../../contract/image/source-image.ts';
import { parseDataset } from '../../../dicom/dataset/parse.ts';
import { writeFile } from '../../../dicom/dataset/write/write-file.ts';
import type { Report } from '../../../dicom/objects/report.ts';
import { structuredReport } from '../../../dicom/objects/structured-report.ts';
import { readSourceImage } from '../../../dicom/source-image.ts';
import { sampleStudy } from '../../../main/host/headless.ts';
import { titled } from '../../titled.ts';
import { reportWith, result, source } from './reports.ts';
import { errorsOf, noValidators, said } from './validators.ts';

const fileOf = (report: Report) => writeFile(structuredReport(report));
const sampleSource = readSourceImage(readFileSync(sampleStudy));
/** A file that says as little as one can. */
const bare: SourceImage = {
  patient: { name: null, id: null, issuer: null, birthDate: null, sex: null, age: null },
  study: {
    ...{ uid: '1.2.3', date: null, time: null, accession: null, id: null },
    ...{ description: null, referringPhysician: null },
  },
  image: { ...source.image, modality: null, orientation: [] },
};

describe('a structured report', () => {
  it('lies in the study of its image, under the same patient, spelt as the file spells it', () => {
    const written = readSourceImage(fileOf(reportWith()));
    expect(written.patient).toEqual(source.patient);
    expect(written.study).toEqual(source.study);
    expect(written.image).toMatchObject({ modality: 'SR', sopClass: '1.2.840.10008.5.1.4.1.1.88.33' });
  });

  it('says what makes its result weaker, as the window does', () => {
    const written = structuredReport(reportWith({ cautions: ['AP film: not measured.'] }));
    expect(JSON.stringify(written.ContentSequence)).toContain('"TextValue":"AP film: not measured."');
  });

  it('keeps the joiner in a name that is spelt with one', () => {
    const name = 'علی\u200cرضا^م';
    const written = fileOf(reportWith({ source: { ...source, patient: { ...source.patient, name } } }));
    expect(readSourceImage(written).patient.name).toBe(name);
  });

  it('is the same, byte for byte, when it is made again', () => {
    expect(fileOf(reportWith())).toEqual(fileOf(reportWith()));
  });

  it('has another name for another study, image, model and question', () => {
    const uidOf = (parts: Partial<Report>) => structuredReport(reportWith(parts)).SOPInstanceUID;
    const uids = [
      uidOf({}),
      uidOf({ source: { ...source, study: { ...source.study, uid: '1.2.840.99999.2' } } }),
      uidOf({ source: { ...source, image: { ...source.image, uid: '1.2.840.99999.9' } } }),
      uidOf({ result: { ...result, bundle: { ...result.bundle, id: parseBundleId('ac'.repeat(32)) } } }),
      uidOf({ result: { ...result, digests: { ...result.digests, sent: parseDigest('ee'.repeat(32)) } } }),
    ];
    expect(new Set(uids).size).toBe(uids.length);
    expect(uidOf({ at: new Date(0) })).toBe(uids[0]);
  });

  it('is refused where the image has no name that it could refer to', () => {
    const unnamed = (image: Partial<SourceImage['image']>) =>
      reportWith({ source: { ...source, image: { ...source.image, ...image } } });
    for (const [image, tag] of [
      [{ uid: null }, '00080018'],
      [{ seriesUid: null }, '0020000e'],
      [{ sopClass: null }, '00080016'],
    ] as const)
      expect(() => fileOf(unnamed(image))).toThrow(`{"tag":"${tag}","reason":"absent"}`);
  });

  it('is refused under a name that cannot be written, and leaves out a description that cannot', () => {
    const long = 'x'.repeat(65);
    expect(() =>
      fileOf(reportWith({ source: { ...source, patient: { ...source.patient, id: long } } })),
    ).toThrow('dicom-unwritable {"tag":"00100020","reason":"too long"}');
    const described = { ...source, study: { ...source.study, description: long, accession: long } };
    expect(readSourceImage(fileOf(reportWith({ source: described }))).study).toMatchObject({
      ...{ description: null, accession: null, uid: source.study.uid },
    });
  });

  it('names the image with its series and study as evidence', () => {
    const { CurrentRequestedProcedureEvidenceSequence: evidence } = structuredReport(reportWith());
    expect(evidence).toEqual([
      {
        StudyInstanceUID: '1.2.840.99999.1',
        ReferencedSeriesSequence: [
          {
            SeriesInstanceUID: '1.2.840.99999.1.2',
            ReferencedSOPSequence: [
              {
                ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
                ReferencedSOPInstanceUID: '1.2.840.99999.1.2.3',
              },
            ],
          },
        ],
      },
    ]);
  });

  it('has no number for a finding that is not assessed, and no number with more digits than the window', () => {
    const text = JSON.stringify(structuredReport(reportWith()));
    // 0.51234 → 51 %, 0.2 → 20 %, 0.03123 → 3.1 %, thresholds 12 % and 46 %; 90 % of the last is nowhere.
    const numbers = [...text.matchAll(/"NumericValue":"(.*?)"/g)].map(([, number]) => number);
    expect(numbers).toEqual(['51', '12', '46', '20', '12', '46', '3.1', '12', '46']);
  });

  it('is refused with a code, or repeats every name exactly, whatever is in the header', () => {
    const text = fc.option(
      fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.stringMatching(/^[\p{L}^= ]{0,70}$/u)),
      { nil: null },
    );
    fc.assert(
      fc.property(fc.record({ name: text, id: text, issuer: text }), text, (patient, description) => {
        const odd = {
          ...source,
          patient: { ...source.patient, ...patient },
          study: { ...source.study, description },
        };
        let file: Uint8Array;
        try {
          file = fileOf(reportWith({ source: odd }));
        } catch (error) {
          expect(error).toBeInstanceOf(CxrError);
          return;
        }
        const read = readSourceImage(file).patient;
        // Blanks around a value are not significant (PS3.5 6.2), and no value is the same as an empty one.
        const plain = (value: string | null) => value?.replace(/^ +| +$/g, '') || null;
        for (const field of ['name', 'id', 'issuer'] as const)
          expect(plain(read[field])).toBe(plain(patient[field]?.trim() ?? null));
      }),
      { numRuns: 300 },
    );
  });

  it('is read again by our own parser', () => {
    const { dataset, syntax } = parseDataset(fileOf(reportWith()));
    expect(syntax.name).toBe('Explicit VR Little Endian');
    expect(dataset.text('x00080060')).toBe('SR');
  });
});

describe.skipIf(noValidators !== null)(titled('validators of others', noValidators), () => {
  const cases: readonly (readonly [string, Report])[] = [
    ['with everything', reportWith()],
    ['of the sample film', reportWith({ source: sampleSource })],
    ['of a film that says little', reportWith({ source: bare })],
    ['without identity', reportWith({ source: bare, deidentified: { dates: 'removed' } })],
    ['with shifted dates', reportWith({ deidentified: { dates: 'shifted' } })],
  ];
  it.each(cases)('find no error in a report %s', async (_, report) => {
    expect(await errorsOf(fileOf(report))).toEqual([]);
  });

  it('would find one', async () => {
    const broken = { ...structuredReport(reportWith()), CompletionFlag: 'PERHAPS', SeriesNumber: null };
    expect(await errorsOf(writeFile(broken))).not.toEqual([]);
  });

  it.each(cases)('read the content of a report %s', async (_, report) => {
    const { status, text } = await said('dsrdump', fileOf(report), '+Pn', '+Pl');
    expect(status).toBe(0);
    expect(text).toContain('Research use only. Not a medical device.');
    expect(text).toMatch(/NUM:\(,,"Certainty of Finding"\)="51" \(%,UCUM,"Percent"\)/);
    expect(text).toContain('CODE:(,,"Pleural effusion")=(ABOVE,99CIPHERFILM,"Above the threshold")');
    expect(text).toContain('CODE:(,,"Hernia")=(NOTASSESSED,99CIPHERFILM,"Not assessed")');
    expect(text).toContain('TEXT:(,,"Algorithm Name")="Cipherfilm cxr-f8-r1"');
    for (const id of [result.bundle.id, result.keyId, result.jobId]) expect(text).toContain(id);
    // It checks no letters beyond ASCII, and says so.
    expect(text.match(/^[EW]: (?!The VR checker does not support).*/gm)).toBeNull();
  });

  it('read every letter of a name in UTF-8', async () => {
    const { text } = await said('dcmdump', fileOf(reportWith()), '+U8', '+P', '0010,0010');
    expect(text).toContain('Müller^Åsa^^Dr.=山田^太郎');
  });
});
