import { type Incident, withHeadless } from '../host/headless.ts';
import { cancelledFiles, classifyFiles } from './classify-files.ts';
import { interruption } from './interruption.ts';
import { type Outcome, summaryLine } from './outcome.ts';
import { readConnection } from './read-connection.ts';
import { reportLines } from './report.ts';

const incidentText: Readonly<Record<Incident, string>> = {
  'engine-crashed': 'the engine ended unexpectedly, and its keys with it: another one makes new keys',
  'engine-lost': 'the engine ended unexpectedly, once too often: no other is started',
  'evaluator-crashed': 'the evaluator on this machine ended unexpectedly: it is started again',
  'evaluator-lost':
    'the evaluator on this machine ended unexpectedly, once too often: it is not started again',
};

const write = (line: string) => process.stderr.write(`${line}\n`);

/**
 * The command `classify`: classifies files and prints what became of them.
 *
 * @param evaluator  the argument `--evaluator`.
 * @param asJson     prints one object in place of lines for people.
 * @returns          the exit status: 0 when all files were classified, otherwise 1.
 * @throws           CxrError as `readConnection` and `withHeadless` do, when nothing could be classified at all.
 */
export async function classify(
  files: readonly string[],
  evaluator: string | undefined,
  asJson: boolean,
): Promise<number> {
  const { connection, byDefault, warnings } = readConnection(evaluator);
  const signal = interruption();
  for (const warning of warnings) write(`warning: ${warning}`);
  const options = {
    ...(connection === null ? {} : { connection }),
    signal,
    tell: (incident: Incident) => {
      if (!signal.aborted) write(`  ${incidentText[incident]}`);
    },
  };
  const outcomes = await withHeadless(options, async (session) => {
    const where = session.evaluator.embedded ? 'evaluator on this machine' : 'evaluator';
    write(`${byDefault ? 'no evaluator configured: ' : ''}${where}, ${session.evaluator.url}`);
    return await classifyFiles(files, session, { signal, write });
  }).catch((error: unknown) => {
    // Interrupted before the first file.
    if (signal.aborted) return cancelledFiles(files);
    throw error;
  });
  print(outcomes, asJson);
  if (files.length > 1) write(summaryLine(outcomes));
  return outcomes.every((outcome) => 'result' in outcome) ? 0 : 1;
}

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
