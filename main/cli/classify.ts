import { toCodedError } from '../../contract/errors.ts';
import { type Custody, inMemory } from '../../contract/ipc/custody.ts';
import { type Headless, type Incident, withHeadless } from '../host/headless.ts';
import { type Classifier, cancelledFiles, classifyFiles } from './classify-files.ts';
import { interruption } from './interruption.ts';
import { errorLine, type Outcome, summaryLine } from './outcome.ts';
import { readPassphrase } from './passphrase.ts';
import { placesHere, readConnection } from './read-connection.ts';
import { reportLines } from './report.ts';
import { dataFolder, openStored, storedKeysIfAny } from './stored-keys.ts';

const incidentText: Readonly<Record<Incident, string>> = {
  'engine-crashed':
    'the engine ended unexpectedly: another one is started, with new keys where none are kept',
  'engine-lost': 'the engine ended unexpectedly, once too often: no other is started',
  'evaluator-crashed': 'the evaluator on this machine ended unexpectedly: it is started again',
  'evaluator-lost':
    'the evaluator on this machine ended unexpectedly, once too often: it is not started again',
};

const write = (line: string) => process.stderr.write(`${line}\n`);

/** The arguments of `classify` beside the files. */
export type ClassifyArguments = {
  readonly evaluator: string | undefined;
  readonly data: string | undefined;
  readonly passphraseFile: string | undefined;
  /** Prints one object in place of lines for people. */
  readonly asJson: boolean;
};

/**
 * The command `classify`: classifies files and prints what became of them.
 *
 * @returns          the exit status: 0 when all files were classified, otherwise 1.
 * @throws           UsageError as `readPassphrase`; CxrError as `readConnection` and `withHeadless` do, and
 *                   `key-passphrase`, when nothing could be classified at all.
 */
export async function classify(files: readonly string[], args: ClassifyArguments): Promise<number> {
  const data = dataFolder(args.data);
  const places = placesHere(data);
  const { connection, byDefault, warnings } = readConnection(args.evaluator, places);
  const passphrase = await passphraseIn(args.passphraseFile);
  const signal = interruption();
  for (const warning of warnings) write(`warning: ${warning}`);
  const options = {
    ...(connection === null ? {} : { connection }),
    signal,
    tell: (incident: Incident) => {
      if (!signal.aborted) write(`  ${incidentText[incident]}`);
    },
  };
  const runWith = (custody: Custody) =>
    withHeadless({ ...options, custody }, async (session) => {
      const isKept = custody.folder !== null;
      if (isKept && !(await opens(session, passphrase))) return null;
      const where = session.evaluator.embedded ? 'evaluator on this machine' : 'evaluator';
      write(`${byDefault ? 'no evaluator configured: ' : ''}${where}, ${session.evaluator.url}`);
      const classifier = isKept ? reopening(session, passphrase) : session;
      return await classifyFiles(files, classifier, { signal, write });
    });
  const run = async () => {
    const found = await runWith(storedKeysIfAny(data, places));
    if (found !== null) return found;
    write(
      'the key that is kept here does not open: this run makes one of its own (--passphrase-file opens the other)',
    );
    return (await runWith(inMemory)) ?? [];
  };
  const outcomes = await run().catch((error: unknown) => {
    // Interrupted before the first file.
    if (signal.aborted) return cancelledFiles(files);
    throw error;
  });
  print(outcomes, args.asJson);
  if (files.length > 1) write(summaryLine(outcomes));
  return outcomes.every((outcome) => 'result' in outcome) ? 0 : 1;
}

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
  classify: async (file, watch) => {
    await openStored(session.engine, passphrase);
    return session.classify(file, watch);
  },
});

function print(outcomes: readonly Outcome[], asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ analyses: outcomes })}\n`);
    return;
  }
  for (const outcome of outcomes) {
    if ('result' in outcome)
      process.stdout.write(`\n${outcome.file}\n${reportLines(outcome.result).join('\n')}\n`);
  }
}
