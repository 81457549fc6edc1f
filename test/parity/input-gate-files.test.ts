import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { toInput } from '../../dicom/encoder-input.ts';
import { measurePrecision } from '../../he/precision.ts';
import { clearLogits } from '../../main/engine/clear-reference.ts';
import { admit, type GateModels } from '../../main/engine/input-gate.ts';
import { type ClientHalf, openClientHalf } from '../../native-models/client-half.ts';
import { openDecoder, openEncoder, openFilmCheck } from '../../native-models/encoder.ts';
import { openServerHalf, type ServerHalf } from '../../native-models/server-half.ts';
import { findSamples } from '../samples.ts';
import { titled } from '../titled.ts';

/** The shipped gate on real DICOM files, of which it has seen none. */
const root = join(import.meta.dirname, '..', '..');
const { folder: data, reason } = findSamples('dicom');
const filesOf = (folder: string) =>
  readdirSync(join(data!, folder))
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => join(data!, folder, name));
/** By folder and name; one unnamed case where the files are missing, so that the reports list what was skipped. */
const cases = (...folders: string[]): [string, string][] =>
  data === null
    ? [['each of them', '']]
    : folders.flatMap(filesOf).map((path) => [`${basename(dirname(path))}/${basename(path)}`, path]);

let client: ClientHalf;
let server: ServerHalf;
let models: GateModels;
beforeAll(async () => {
  client = await openClientHalf(join(root, 'native-models', 'cxr-f8-r1'));
  server = await openServerHalf(join(root, 'native-models', 'cxr-f8-r1'));
  models = {
    encoder: await openEncoder(client.encoderPath),
    decoder: await openDecoder(client.decoderPath),
    filmCheck: await openFilmCheck(client.filmCheckPath),
  };
});
/** The verdict and the logits in plaintext. */
const score = async (path: string) => {
  const { latent, verdict } = await admit(await toInput(readFileSync(path)), models, client);
  return { verdict, logits: clearLogits(server, latent.values) };
};
const look = async (path: string) =>
  admit(await toInput(readFileSync(path)), models, client).then(
    ({ verdict }) => ({ code: 'admitted', verdict }),
    (error: unknown) => ({ code: error instanceof CxrError ? error.code : 'uncoded', verdict: null }),
  );

it('the shipped study is admitted', async () => {
  const sample = join(root, 'native-models', 'samples', '00000002_000.dcm');
  expect(await look(sample)).toMatchObject({ code: 'admitted', verdict: { inverted: false } });
});

const field = findSamples('dicom-field');
const corpora = findSamples('dicom-corpora');

describe.skipIf(field.reason !== null)(titled('field cases', field.reason), () => {
  const lookAt = (name: string) => look(join(field.folder!, `${name}.dcm`));
  it.each(['03-lateral-view-code', '03b-lateral-lower-case', '03c-lateral-patient-orientation'])(
    '%s is refused by its header',
    async (name) => expect((await lookAt(name)).code).toBe('input-view'),
  );

  it.each(['27-flipud', '27-rot90', '27-rot270'])('%s is refused: the header does not say so', async (name) =>
    expect((await lookAt(name)).code).toBe('input-turned'),
  );

  it('a mirrored film is turned where the header says that it is', async () => {
    const { verdict, logits } = await score(join(field.folder!, '20-mirrored-patient-orientation.dcm'));
    expect(verdict.doubts).toEqual([{ kind: 'turned', from: 'mirrored', by: 'header' }]);
    // The same film, stored upright: rounding of the turned pixels apart, the same findings.
    const control = await score(join(field.folder!, '00-control.dcm'));
    expect(measurePrecision(logits, control.logits).maxAbsError).toBeLessThan(1e-3);
  });

  it('bars at the sides are cut off, and the findings are those of the film without', async () => {
    const barred = await score(join(field.folder!, '21c-side-bars-15.dcm'));
    const bare = await score(join(field.folder!, '21d-no-bars-15.dcm'));
    expect(barred.verdict.doubts).toEqual([{ kind: 'cropped', rows: 1, columns: 134 / 192 }]);
    expect(measurePrecision(barred.logits, bare.logits).maxAbsError).toBeLessThan(1e-3);
  });

  it('black margins on all sides are cut off, and said', async () => {
    const { verdict } = await score(join(field.folder!, '21-black-margins.dcm'));
    expect(verdict.doubts).toContainEqual({ kind: 'cropped', rows: 118 / 192, columns: 118 / 192 });
  });
});

describe.skipIf(corpora.reason !== null)(titled('other parts of the body', corpora.reason), () => {
  it.each([
    ['hand_CR', 'input-unlike-chest'],
    ['shoulder_RF', 'input-unlike-chest'],
    ['cerebrix_SC', 'input-unlike-chest'],
    ['wholebody_NM', 'input-view'],
    ['issue140_3x3_OT', 'input-size'],
  ])('%s is refused with %s', async (name, code) => {
    expect((await look(join(corpora.folder!, 'gate', `${name}.dcm`))).code).toBe(code);
  });
});

describe.skipIf(reason !== null)(titled('sample files', reason), () => {
  it.each(cases('chest', 'transfer-syntaxes'))('%s is admitted', async (name, path) => {
    const { code, verdict } = await look(path);
    expect(code).toBe('admitted');
    expect(verdict!.inverted).toBe(name.includes('tagged-mono1-but-not-inverted'));
  });

  it.each(cases('not-chest', 'lut'))('%s is refused', async (_, path) => {
    expect((await look(path)).code).toMatch(/^input-(unlike-chest|view)$/);
  });
});
