import { stat } from 'node:fs/promises';
import { type CodedError, CxrError, toCodedError } from '../../contract/errors.ts';
import { maxDroppedBytes } from '../../contract/limits.ts';
import {
  type AnalysisResult,
  type Progress,
  type StageName,
  stagesWithAnswer,
} from '../../contract/stages.ts';
import type { Headless } from '../host/headless.ts';
import { errorLine, type Outcome } from './outcome.ts';
import { progressLines } from './progress-lines.ts';

/** What classifies a file, and asks after the evaluator. */
export type Classifier = Pick<Headless, 'classify' | 'probe'> & {
  readonly evaluator: Pick<Headless['evaluator'], 'embedded'>;
};

/** How a run is followed and stopped. */
export type RunControl = {
  readonly signal: AbortSignal;
  /** Hears lines for a person. */
  readonly write: (line: string) => void;
};

type Unreachable = Extract<CodedError, { code: 'evaluator-unreachable' }>;

/**
 * Classifies files one after the other. One that fails costs the others nothing. When the evaluator was not reached for
 * one, it is asked once more for all that are left; when it is not reached then either, they fail without waiting.
 *
 * @returns what became of every file, in the order of the files; those that were not begun are cancelled.
 */
export async function classifyFiles(
  files: readonly string[],
  classifier: Classifier,
  control: RunControl,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let unreached: Unreachable | null = null;
  for (const [index, file] of files.entries()) {
    if (control.signal.aborted) break;
    control.write(file);
    const outcome: Outcome = await classifyFile(file, classifier, control, unreached);
    outcomes.push(outcome);
    const error = 'error' in outcome ? outcome.error : null;
    if (error?.code === 'evaluator-unreachable' && unreached === null && index < files.length - 1)
      unreached = await askOnceMore(classifier, control);
  }
  return [...outcomes, ...cancelledFiles(files.slice(outcomes.length))];
}

/** What is told of files that were not begun. */
export const cancelledFiles = (files: readonly string[]): Outcome[] =>
  files.map((file) => ({ file, error: { code: 'cancelled', detail: {} } }));

/** @returns why the evaluator is not reached; null when it answers, or refuses in a way that costs no time. */
async function askOnceMore(
  classifier: Classifier,
  { signal, write }: RunControl,
): Promise<Unreachable | null> {
  write('  asking the evaluator once more, for all files that are left');
  try {
    await classifier.probe(signal);
    return null;
  } catch (error) {
    const coded = toCodedError(error);
    return coded.code === 'evaluator-unreachable' ? coded : null;
  }
}

async function classifyFile(
  file: string,
  classifier: Classifier,
  control: RunControl,
  unreached: Unreachable | null,
): Promise<Outcome> {
  const note = (line: string) => control.write(`  ${line}`);
  try {
    await checkFile(file);
    if (unreached !== null)
      throw new CxrError('evaluator-unreachable', { ...unreached.detail, untried: true });
    const result = await analyse(file, classifier, { ...control, write: note });
    const { evaluationKeys, sent, received } = result.bytes;
    note(
      `left this machine: ${evaluationKeys + sent} bytes (keys ${evaluationKeys}, ciphertext ${sent}); received ${received}`,
    );
    return { file, result };
  } catch (error) {
    const coded = toCodedError(error);
    note(coded.code === 'cancelled' ? 'cancelled' : `refused: ${errorLine(coded)}`);
    return { file, error: coded };
  }
}

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

/** Begins an analysis a second time when a process on this machine died over it, as the worklist does. */
async function analyse(
  file: string,
  classifier: Classifier,
  { signal, write }: RunControl,
): Promise<AnalysisResult> {
  const seen = new Set<StageName>();
  const tell = progressLines(write);
  const onProgress = (progress: Progress) => {
    seen.add(progress.stage);
    tell(progress);
  };
  try {
    return await classifier.classify(file, { onProgress, signal });
  } catch (error) {
    const { code } = toCodedError(error);
    const isOurs =
      code === 'engine-crashed' || (code === 'evaluator-unreachable' && classifier.evaluator.embedded);
    const isBegun = seen.size > 0 && ![...seen].some((stage) => stagesWithAnswer.has(stage));
    if (!isOurs || !isBegun || signal.aborted) throw error;
    write(`${code}: trying this file once more`);
    // Brings an evaluator back that has ended.
    if (code === 'evaluator-unreachable') await classifier.probe(signal);
    return await classifier.classify(file, { onProgress, signal });
  }
}
