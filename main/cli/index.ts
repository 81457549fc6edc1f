#!/usr/bin/env node
import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type CodedError, CxrError, toCodedError } from '../../contract/errors.ts';
import { maxDroppedBytes } from '../../contract/limits.ts';
import type { AnalysisResult } from '../../contract/stages.ts';
import { type Headless, withHeadless } from '../host/headless.ts';
import { progressLines } from './progress-lines.ts';
import { readConnection } from './read-connection.ts';
import { reportLines } from './report.ts';

const usage = `Usage: cipherfilm classify FILE... [--evaluator URL] [--json]

  Classifies DICOM chest radiographs under encryption. Without --evaluator an evaluator is started on this machine.
  --json   one object {analyses: [{file, result} | {file, error}]} on standard output,
           or {error} when nothing could be classified at all
  Exit status: 0 all classified, 1 at least one refused or failed, 2 wrong usage.
`;

type Outcome = { file: string; result: AnalysisResult } | { file: string; error: CodedError };

const note = (line: string) => process.stderr.write(`  ${line}\n`);

/** Folders, pipes and oversized files are refused before anything is read. */
async function checkFile(file: string): Promise<void> {
  const facts = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new CxrError('image-unreadable', { reason: cause.code ?? 'unknown' });
  });
  if (!facts.isFile()) throw new CxrError('image-unreadable', { reason: 'not a regular file' });
  if (facts.size > maxDroppedBytes) {
    throw new CxrError('dicom-too-large', { got: facts.size, expected: maxDroppedBytes });
  }
}

async function classifyFile(file: string, session: Headless, signal: AbortSignal): Promise<Outcome> {
  process.stderr.write(`${file}\n`);
  try {
    await checkFile(file);
    const result = await session.classify(file, { onProgress: progressLines(note), signal });
    const { evaluationKeys, sent, received } = result.bytes;
    note(
      `left this machine: ${evaluationKeys + sent} bytes (keys ${evaluationKeys}, ciphertext ${sent}); received ${received}`,
    );
    return { file, result };
  } catch (error) {
    const coded = toCodedError(error);
    note(`refused: ${coded.code} ${JSON.stringify(coded.detail)} (see docs/errors.md)`);
    return { file, error: coded };
  }
}

async function classify(
  files: readonly string[],
  evaluator: string | undefined,
  asJson: boolean,
): Promise<number> {
  const { connection, byDefault, warnings } = readConnection(evaluator);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const interrupt = new AbortController();
  // Once: cancel here and at the evaluator, then report. Twice: end now; temporary folders are removed on exit.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
  }
  const outcomes = await withHeadless(connection ?? undefined, async (session) => {
    const { evaluator } = session;
    const where = evaluator.embedded ? 'evaluator on this machine' : 'evaluator';
    process.stderr.write(`${byDefault ? 'no evaluator configured: ' : ''}${where}, ${evaluator.url}\n`);
    const done: Outcome[] = [];
    for (const file of files)
      if (!interrupt.signal.aborted) done.push(await classifyFile(file, session, interrupt.signal));
    return done;
  });
  if (asJson) process.stdout.write(`${JSON.stringify({ analyses: outcomes })}\n`);
  else {
    for (const outcome of outcomes) {
      if ('result' in outcome)
        process.stdout.write(`\n${outcome.file}\n${reportLines(outcome.result).join('\n')}\n`);
    }
  }
  return outcomes.length === files.length && outcomes.every((outcome) => 'result' in outcome) ? 0 : 1;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        evaluator: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch {
    return null;
  }
}

const parsed = readArguments();
const [command, ...files] = parsed?.positionals ?? [];
if (parsed?.values.help === true) {
  process.stdout.write(usage);
} else if (parsed === null || command !== 'classify' || files.length === 0) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await classify(files, parsed.values.evaluator, parsed.values.json);
  } catch (error) {
    if (parsed.values.json) process.stdout.write(`${JSON.stringify({ error: toCodedError(error) })}\n`);
    process.stderr.write(`cipherfilm: ${JSON.stringify(toCodedError(error))} (see docs/errors.md)\n`);
    process.exitCode = 1;
  }
}
