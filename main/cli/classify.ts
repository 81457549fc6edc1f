import { type CodedError, toCodedError } from '../../contract/errors.ts';
import type { Custody } from '../../contract/ipc/custody.ts';
import { type Headless, type Incident, withHeadless } from '../host/headless.ts';
import type { Wish } from './arguments/read-arguments.ts';
import { type Classifier, classifyFiles, type RunControl } from './classify-files.ts';
import { openExport, type RunExport } from './export/open-export.ts';
import { interruption } from './interruption.ts';
import { errorLine, errorLines, type Outcome, statusOf, summaryLine } from './outcome.ts';
import { type Output, outputIn } from './output.ts';
import { readPassphrase } from './passphrase.ts';
import { placesHere, readConnection } from './read-connection.ts';
import { findImages } from './sources/find-images.ts';
import { dataFolder, openStored, storedKeysIfAny } from './stored-keys.ts';
import { UsageError } from './usage-error.ts';

type ClassifyWish = Extract<Wish, { kind: 'classify' }>;

const incidentText: Readonly<Record<Incident, string>> = {
  'engine-crashed':
    'the engine ended unexpectedly: another one is started, with new keys where none are kept',
  'engine-lost': 'the engine ended unexpectedly, once too often: no other is started',
  'evaluator-crashed': 'the evaluator on this machine ended unexpectedly: it is started again',
  'evaluator-lost':
    'the evaluator on this machine ended unexpectedly, once too often: it is not started again',
};

const write = (line: string) => process.stderr.write(`${line}\n`);

/**
 * The command `classify`: finds images, classifies them and prints what became of them.
 *
 * @returns the exit status, as `exitStatuses` of main/cli/arguments/commands.ts explains it.
 */
export async function classify(wish: ClassifyWish): Promise<number> {
  const output = outputIn(wish.form, (text) => process.stdout.write(text));
  try {
    const run = wish.export === null ? null : openExport(wish.export, dataFolder(wish.data));
    const outcomes = await outcomesOf(wish, output, run);
    output.end(outcomes);
    if (outcomes.length > 1) write(summaryLine(outcomes));
    return Math.max(statusOf(outcomes), writeTables(run));
  } catch (error) {
    if (error instanceof UsageError) {
      write(`cipherfilm: ${error.message}`);
      return 2;
    }
    const coded = toCodedError(error);
    output.fail(coded);
    write(`cipherfilm: ${errorLines(coded).join('\n  ')}`);
    return 1;
  }
}

/** Writes the tables of a run, if any. @returns the exit status of that. */
function writeTables(run: RunExport | null): 0 | 1 {
  try {
    for (const name of run?.end() ?? []) write(`exported ${name}`);
    return 0;
  } catch (error) {
    write(`cipherfilm: ${errorLines(toCodedError(error)).join('\n  ')}`);
    return 1;
  }
}

/**
 * @throws UsageError as `readPassphrase`.
 * @throws CxrError   as `readConnection` and `withHeadless`, and `key-passphrase`, when nothing could be classified at all.
 */
async function outcomesOf(wish: ClassifyWish, { tell }: Output, run: RunExport | null): Promise<Outcome[]> {
  const data = dataFolder(wish.data);
  const places = placesHere(data);
  const { connection, byDefault, warnings } = readConnection(wish.evaluator, places);
  const passphrase = await passphraseIn(wish.passphraseFile);
  const signal = interruption();
  for (const warning of warnings) write(`warning: ${warning}`);
  const options = {
    ...(connection === null ? {} : { connection }),
    signal,
    tell: (incident: Incident) => {
      if (!signal.aborted) write(`  ${incidentText[incident]}`);
    },
  };
  const classifyIn = async (session: Headless, classifier: Classifier): Promise<Outcome[]> => {
    const where = session.evaluator.embedded ? 'evaluator on this machine' : 'evaluator';
    write(`${byDefault ? 'no evaluator configured: ' : ''}${where}, ${session.evaluator.url}`);
    if (wish.paths.includes('-') && process.stdin.isTTY) write('reading a file from standard input');
    const found = await findImages(wish.paths, { reader: session.reader, input: process.stdin, signal });
    return await classifyFiles(found, classifier, {
      signal,
      write,
      tell,
      ...exporting(run, session, signal),
    });
  };
  const withOwnKey = () => withHeadless(options, (session) => classifyIn(session, session));
  const withKeptKey = (custody: Custody) =>
    withHeadless({ ...options, custody }, async (session) =>
      (await opens(session, passphrase)) ? classifyIn(session, reopening(session, passphrase)) : null,
    );
  const inOrder = async (): Promise<Outcome[]> => {
    const custody = storedKeysIfAny(data, places);
    if (custody.folder === null) return withOwnKey();
    const outcomes = await withKeptKey(custody);
    if (outcomes !== null) return outcomes;
    write(noKeptKey);
    return withOwnKey();
  };
  return await inOrder().catch((error: unknown) => {
    // Interrupted before the first file.
    if (!signal.aborted) throw error;
    return cancelled(wish.paths, tell);
  });
}

const exporting = (
  run: RunExport | null,
  { reader }: Headless,
  signal: AbortSignal,
): Pick<RunControl, 'export'> => (run === null ? {} : { export: (one) => run.result(one, reader, signal) });

const noKeptKey =
  'the key that is kept here does not open: this run makes one of its own (--passphrase-file opens the other)';

const passphraseIn = async (file: string | undefined): Promise<string | null> =>
  file === undefined ? null : readPassphrase({ file, flag: '--passphrase-file', prompt: '' });

/** Whether the kept key can be used. Where nobody gave a passphrase, a vault that is damaged counts as locked. */
const opens = (session: Headless, passphrase: string | null): Promise<boolean> =>
  openStored(session.engine, passphrase).catch((error: unknown) => {
    const coded = toCodedError(error);
    if (passphrase !== null || !coded.code.startsWith('key-')) throw error;
    write(errorLine(coded));
    return false;
  });

/** An engine that follows one which died finds the vault locked again. */
const reopening = (session: Headless, passphrase: string | null): Classifier => ({
  probe: session.probe,
  evaluator: session.evaluator,
  classify: async (location, watch) => {
    await openStored(session.engine, passphrase);
    return session.classify(location, watch);
  },
});

function cancelled(paths: readonly string[], tell: Output['tell']): Outcome[] {
  const error: CodedError = { code: 'cancelled', detail: {} };
  const outcomes = paths.map((file): Outcome => ({ file, error }));
  outcomes.forEach(tell);
  return outcomes;
}
