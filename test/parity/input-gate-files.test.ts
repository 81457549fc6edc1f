import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { toInput } from '../../dicom/encoder-input.ts';
import { admit } from '../../main/engine/input-gate.ts';
import { type ClientHalf, openClientHalf } from '../../native-models/client-half.ts';
import { type Decoder, type Encoder, openDecoder, openEncoder } from '../../native-models/encoder.ts';
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
let codec: { encoder: Encoder; decoder: Decoder };
beforeAll(async () => {
  client = await openClientHalf(join(root, 'native-models', 'cxr-f8-r1'));
  codec = {
    encoder: await openEncoder(client.encoderPath),
    decoder: await openDecoder(client.decoderPath),
  };
});
const look = async (path: string) =>
  admit(await toInput(readFileSync(path)), codec, client.gate).then(
    ({ verdict }) => ({ code: 'admitted', verdict }),
    (error: unknown) => ({ code: error instanceof CxrError ? error.code : 'uncoded', verdict: null }),
  );

it('the shipped study is admitted', async () => {
  const sample = join(root, 'native-models', 'samples', '00000002_000.dcm');
  expect(await look(sample)).toMatchObject({ code: 'admitted', verdict: { inverted: false } });
});

describe.skipIf(reason !== null)(titled('sample files', reason), () => {
  it.each(cases('chest', 'transfer-syntaxes'))('%s is admitted', async (name, path) => {
    const { code, verdict } = await look(path);
    expect(code).toBe('admitted');
    expect(verdict!.inverted).toBe(name.includes('tagged-mono1-but-not-inverted'));
  });

  it.each(cases('not-chest', 'lut'))('%s is refused', async (_, path) => {
    expect((await look(path)).code).toBe('input-unlike-chest');
  });
});
