import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { orientationOf } from '../../contract/image/orientation.ts';
import { reduced, toInput } from '../../dicom/encoder-input.ts';
import { toRadiograph } from '../../dicom/radiograph.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import { openDecoder, openEncoder, openFilmCheck } from '../../native-models/encoder.ts';
import { openServerHalf } from '../../native-models/server-half.ts';
import { readCount, readOptions, runCommand, UsageError } from '../command-options.ts';
import { readRadiographFile } from '../evaluate/radiograph-file.ts';
import { alterations, type Picture } from './alter-film.ts';
import { otherFilms } from './other-films.ts';
import { asRadiograph, difference, type Gate, type Outcome, scoreInput, scorePicture } from './score.ts';
import { type KindRow, type Measured, writePage } from './write-page.ts';

/** `npm run gate`: what the input gate makes of altered films, of val, and of films that show no chest. */
const usage = `usage: npm run gate [-- --each N]
  Measures the input gate on the sample collection (CIPHERFILM_SAMPLES) and writes docs/results/input-gate.md.
  --each N   films of every alteration, of training patients that the film check was not fitted on; default 100`;
const options = readOptions(usage, { each: { type: 'string', default: '100' } });
const each = readCount(usage, '--each', options.each, [1, 700]);
const root = join(import.meta.dirname, '..', '..');
const bundle = join(root, 'native-models', 'cxr-f8-r1');

type Row = { readonly file: string; readonly patient_id: string; readonly split: string };

async function openGate(): Promise<Gate> {
  const client = await openClientHalf(bundle);
  return {
    client,
    server: await openServerHalf(bundle),
    models: {
      encoder: await openEncoder(client.encoderPath),
      decoder: await openDecoder(client.decoderPath),
      filmCheck: await openFilmCheck(client.filmCheckPath),
    },
  };
}

/** The films of patients that training/gate/fit_film.py kept apart, and the val films. */
async function readFilms(folder: string): Promise<{ apart: string[]; val: string[] }> {
  const rows = parse<Row>(await readFile(join(folder, 'labels.csv'), 'utf8'), {
    columns: true,
    // The table was put together from several, which end their lines differently.
    record_delimiter: ['\r\n', '\n', '\r'],
  });
  const detailed = rows.filter(({ file }) => file.startsWith('px128'));
  const paths = (wanted: (row: Row) => boolean) =>
    detailed.filter(wanted).map(({ file }) => join(folder, file));
  return {
    apart: paths(({ split, patient_id }) => split === 'train' && crc32(patient_id) % 10 === 0),
    val: paths(({ split }) => split === 'val'),
  };
}

const share = (part: number, all: number): number => Math.round((10_000 * part) / all) / 10_000;

/** `count` of them at equal distances, beginning with another one each time. */
const spread = <T>(all: readonly T[], count: number, shift: number): T[] =>
  Array.from(
    { length: Math.min(count, all.length) },
    (_, i) => all[(Math.floor((i * all.length) / count) + shift) % all.length]!,
  );

const note = (text: string): void => void process.stderr.write(`\r  ${text}        `);

/** One alteration: what is refused, for what reason, and what findings the rest have beside those of the unaltered film. */
async function measureKind(kind: string, files: readonly string[], gate: Gate): Promise<KindRow> {
  const { alter, wants, way } = alterations[kind]!;
  const outcomes: Outcome[] = [];
  const [asIs, turned]: [number[], number[]] = [[], []];
  let statedTurned = 0;
  for (const [index, file] of files.entries()) {
    note(`${kind}: ${index + 1} of ${files.length}`);
    const film: Picture = await readRadiographFile(await readFile(file));
    const altered = alter(film);
    const outcome = await scorePicture(altered, gate);
    outcomes.push(outcome);
    if (outcome.kind === 'refused' && way === undefined) continue;
    const plain = await scorePicture(film, gate);
    if (plain.kind === 'refused') continue;
    if (outcome.kind === 'passed') asIs.push(difference(plain.probabilities, outcome.probabilities));
    if (way === undefined) continue;
    const stated = await scorePicture(altered, gate, { orientation: orientationOf(way) });
    if (stated.kind === 'passed' && stated.doubts.includes('turned')) {
      statedTurned += 1;
      turned.push(difference(plain.probabilities, stated.probabilities));
    }
  }
  const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
  const reasons = Object.groupBy(refused, ({ code, reason }) =>
    reason === null ? code : `${code}: ${reason}`,
  );
  return {
    ...{ kind, wants, films: outcomes.length, refused: share(refused.length, outcomes.length) },
    reasons: Object.fromEntries(Object.entries(reasons).map(([name, those]) => [name, those!.length])),
    doubted: share(
      outcomes.filter((o) => o.kind === 'passed' && o.doubts.length > 0).length,
      outcomes.length,
    ),
    largestDifference: asIs.length === 0 ? null : Math.max(...asIs),
    medianDifference: asIs.length === 0 ? null : asIs.toSorted((a, b) => a - b)[asIs.length >> 1]!,
    statedTurned: way === undefined ? null : share(statedTurned, outcomes.length),
    turnedDifference: turned.length === 0 ? null : Math.max(...turned),
  };
}

async function measurePlain(name: string, files: readonly string[], gate: Gate) {
  const outcomes: Outcome[] = [];
  for (const [index, file] of files.entries()) {
    note(`${name}: ${index + 1} of ${files.length}`);
    outcomes.push(await scorePicture(await readRadiographFile(await readFile(file)), gate));
  }
  const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
  const count = (kind: string) =>
    outcomes.filter((outcome) => outcome.kind === 'passed' && outcome.doubts.includes(kind)).length;
  const reasons = Object.groupBy(refused, ({ code, reason }) =>
    reason === null ? code : `${code}: ${reason}`,
  );
  return {
    ...{ name, films: outcomes.length, refused: share(refused.length, outcomes.length) },
    reasons: Object.fromEntries(Object.entries(reasons).map(([each, those]) => [each, those!.length])),
    doubts: Object.fromEntries(
      ['cropped', 'unsure', 'flat', 'clipped', 'small'].map((kind) => [
        kind,
        share(count(kind), outcomes.length),
      ]),
    ),
  };
}

const told = (outcome: Outcome): string =>
  outcome.kind === 'passed'
    ? 'passed'
    : outcome.code + (outcome.reason === null ? '' : `: ${outcome.reason}`);

/** Each film by its own header, and by its pixels alone, as of a CR unit that says nothing else. */
async function measureOthers(samples: string, gate: Gate): Promise<Measured['others']> {
  const rows = [];
  for (const { path, name, shows } of otherFilms(samples)) {
    const bytes = await readFile(path);
    const byHeader = told(await scoreInput(await toInput(bytes), gate));
    const byFilm = told(await scoreInput(reduced(asRadiograph(await toRadiograph(bytes))), gate));
    rows.push({ file: name, shows, byHeader, byFilm });
  }
  return rows;
}

async function measure(): Promise<void> {
  const samples = process.env.CIPHERFILM_SAMPLES;
  if (samples === undefined) throw new UsageError('CIPHERFILM_SAMPLES names no folder');
  const { apart, val } = await readFilms(join(samples, 'nih'));
  const gate = await openGate();
  const others = await measureOthers(samples, gate);
  const kinds: KindRow[] = [];
  for (const [shift, kind] of Object.keys(alterations).entries())
    kinds.push(await measureKind(kind, spread(apart, each, shift), gate));
  const plain = [await measurePlain('val', val, gate)];
  process.stderr.write('\n');
  const measured: Measured = { bundle: gate.client.id, kinds, plain, others };
  await writeFile(join(root, 'docs', 'results', 'input-gate.json'), `${JSON.stringify(measured, null, 1)}\n`);
  await writePage(join(root, 'docs', 'results', 'input-gate.md'), measured);
}

await runCommand('gate', measure);
