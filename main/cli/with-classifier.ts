import { toCodedError } from '../../contract/errors.ts';
import type { Custody } from '../../contract/ipc/custody.ts';
import { type Headless, type Incident, withHeadless } from '../host/headless.ts';
import type { Classifier } from './classify-files.ts';
import { interruption } from './interruption.ts';
import { errorLine } from './outcome.ts';
import { readPassphrase } from './passphrase.ts';
import { placesHere, readConnection } from './read-connection.ts';
import { dataFolder, openStored, storedKeysIfAny } from './stored-keys.ts';

/** What was asked for of a command that classifies. */
export type ClassifierWish = {
  readonly evaluator: string | undefined;
  /** The data folder in place of the application's. */
  readonly data: string | undefined;
  readonly passphraseFile: string | undefined;
  /** Turns films of which only the picture shows how they lie. Default: they are refused. */
  readonly turnsByPicture?: boolean;
};

/** What is done with a classifier. */
export type ClassifierWork<T> = {
  readonly work: (session: Headless, classifier: Classifier, signal: AbortSignal) => Promise<T>;
  /** Says what a run comes to that was interrupted before `work` came to an end. */
  readonly interrupted: () => T;
};

const incidentText: Readonly<Record<Incident, string>> = {
  'engine-crashed':
    'the engine ended unexpectedly: another one is started, with new keys where none are kept',
  'engine-lost': 'the engine ended unexpectedly, once too often: no other is started',
  'evaluator-crashed': 'the evaluator on this machine ended unexpectedly: it is started again',
  'evaluator-lost':
    'the evaluator on this machine ended unexpectedly, once too often: it is not started again',
};

/**
 * Opens what classifies, as the settings and the arguments say: an engine with the key that is kept here or one of its own, a
 * reader, and an evaluator where none is configured. Signals that ask this process to end abort the work's signal.
 *
 * @param write  hears lines for a person.
 * @throws UsageError as `readPassphrase`.
 * @throws CxrError   as `readConnection` and `withHeadless`, and `key-passphrase`.
 */
export async function withClassifier<T>(
  wish: ClassifierWish,
  write: (line: string) => void,
  { work, interrupted }: ClassifierWork<T>,
): Promise<T> {
  const data = dataFolder(wish.data);
  const places = placesHere(data);
  const { connection, byDefault, warnings } = readConnection(wish.evaluator, places);
  const passphrase = await passphraseIn(wish.passphraseFile);
  const signal = interruption();
  for (const warning of warnings) write(`warning: ${warning}`);
  const options = {
    ...(connection === null ? {} : { connection }),
    turnsByPicture: wish.turnsByPicture ?? false,
    signal,
    tell: (incident: Incident) => {
      if (!signal.aborted) write(`  ${incidentText[incident]}`);
    },
  };
  const workIn = async (session: Headless, classifier: Classifier): Promise<T> => {
    const where = session.evaluator.embedded ? 'evaluator on this machine' : 'evaluator';
    write(`${byDefault ? 'no evaluator configured: ' : ''}${where}, ${session.evaluator.url}`);
    return await work(session, classifier, signal);
  };
  const withOwnKey = () => withHeadless(options, (session) => workIn(session, session));
  const withKeptKey = (custody: Custody) =>
    withHeadless({ ...options, custody }, async (session) =>
      (await opens(session, passphrase, write))
        ? { done: await workIn(session, reopening(session, passphrase)) }
        : null,
    );
  const run = async (): Promise<T> => {
    const custody = storedKeysIfAny(data, places);
    if (custody.folder === null) return withOwnKey();
    const kept = await withKeptKey(custody);
    if (kept !== null) return kept.done;
    write(noKeptKey);
    return withOwnKey();
  };
  return await run().catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return interrupted();
  });
}

const noKeptKey =
  'the key that is kept here does not open: this run makes one of its own (--passphrase-file opens the other)';

const passphraseIn = async (file: string | undefined): Promise<string | null> =>
  file === undefined ? null : readPassphrase({ file, flag: '--passphrase-file', prompt: '' });

/** Whether the kept key can be used. Where nobody gave a passphrase, a vault that is damaged counts as locked. */
const opens = (
  session: Headless,
  passphrase: string | null,
  write: (line: string) => void,
): Promise<boolean> =>
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
