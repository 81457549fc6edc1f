import { type CodedError, CxrError, toCodedError } from '../../contract/errors.ts';
import type { Location } from '../../contract/ipc/reader.ts';
import {
  type AnalysisResult,
  type BytesMoved,
  type Progress,
  type StageName,
  stagesWithAnswer,
} from '../../contract/stages.ts';
import type { Headless } from '../host/headless.ts';
import type { Classified, ExportOutcome } from './export/open-export.ts';
import { errorLine, type Outcome, refusalOf } from './outcome.ts';
import { printable } from './printable.ts';
import { progressLines } from './progress-lines.ts';
import type { Found } from './sources/find-images.ts';

/** What classifies an image, and asks after the evaluator. */
export type Classifier = Pick<Headless, 'probe'> & {
  readonly classify: (
    location: Location,
    watch: Parameters<Headless['classify']>[1],
  ) => Promise<AnalysisResult>;
  readonly evaluator: Pick<Headless['evaluator'], 'embedded'>;
};

/** How a run is followed and stopped. */
export type RunControl = {
  readonly signal: AbortSignal;
  /** Hears lines for a person. */
  readonly write: (line: string) => void;
  /** Hears what became of a file, as soon as that is known. */
  readonly tell: (outcome: Outcome) => void;
  /** Exports a result, where that was asked for. */
  readonly export?: (one: Classified) => Promise<ExportOutcome>;
};

type Unreachable = Extract<CodedError, { code: 'evaluator-unreachable' }>;
type FoundImage = Extract<Found, { location: Location }>;

/**
 * Classifies the images that were found, one after the other. One that fails costs the others nothing. When the evaluator
 * was not reached for one, it is asked once more for all that are left; when it is not reached then either, they fail
 * without waiting.
 *
 * @returns what became of every file, in the order in which they were found; those that were not begun are cancelled.
 */
export async function classifyFiles(
  found: readonly Found[],
  classifier: Classifier,
  control: RunControl,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let unreached: Unreachable | null = null;
  for (const [index, one] of found.entries()) {
    const outcome: Outcome = await outcomeOf(one, classifier, control, unreached);
    outcomes.push(outcome);
    control.tell(outcome);
    const error = 'error' in outcome ? outcome.error : null;
    const isMoreToCome = found.slice(index + 1).some((later) => 'location' in later);
    if (error?.code === 'evaluator-unreachable' && unreached === null && isMoreToCome)
      unreached = await askOnceMore(classifier, control);
  }
  return outcomes;
}

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

async function outcomeOf(
  found: Found,
  classifier: Classifier,
  control: RunControl,
  unreached: Unreachable | null,
): Promise<Outcome> {
  const { file, isNamed } = found;
  if ('error' in found) {
    const outcome = refusalOf(file, found.error, isNamed);
    // An outcome tells the person enough about a file that nobody asked for.
    if (!('skipped' in outcome)) control.write(`${printable(file)}\n  ${refusalLine(found.error)}`);
    return outcome;
  }
  if (control.signal.aborted) return refusalOf(file, { code: 'cancelled', detail: {} }, isNamed);
  control.write(printable(file));
  const note = (line: string) => control.write(`  ${line}`);
  try {
    const result = await classifyImage(found, classifier, { ...control, write: note }, unreached);
    note(movedLine(result.bytes, classifier.evaluator.embedded));
    if (control.export === undefined) return { file, result };
    const outcome = await control.export({ location: found.location, pixels: found.pixels, result });
    note('unexported' in outcome ? `not exported: ${errorLine(outcome.unexported)}` : 'exported');
    return { file, result, ...outcome };
  } catch (error) {
    const coded = toCodedError(error);
    note(refusalLine(coded));
    return refusalOf(file, coded, isNamed);
  }
}

const refusalLine = (error: CodedError): string =>
  error.code === 'cancelled' ? 'cancelled' : `refused: ${errorLine(error)}`;

/** Says what went to the evaluator. To one on this machine it did not go out of the machine. */
function movedLine({ evaluationKeys, sent, received }: BytesMoved, isHere: boolean): string {
  const way = isHere ? 'went to the evaluator on this machine' : 'left this machine';
  return `${way}: ${evaluationKeys + sent} bytes (keys ${evaluationKeys}, ciphertext ${sent}); received ${received}`;
}

function classifyImage(
  { location }: FoundImage,
  classifier: Classifier,
  control: RunControl,
  unreached: Unreachable | null,
): Promise<AnalysisResult> {
  if (unreached !== null) throw new CxrError('evaluator-unreachable', { ...unreached.detail, untried: true });
  return analyse(location, classifier, control);
}

/** Begins an analysis a second time when a process on this machine died over it, as the worklist does. */
async function analyse(
  location: Location,
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
    return await classifier.classify(location, { onProgress, signal });
  } catch (error) {
    const { code } = toCodedError(error);
    const isOurs =
      code === 'engine-crashed' || (code === 'evaluator-unreachable' && classifier.evaluator.embedded);
    const isBegun = seen.size > 0 && ![...seen].some((stage) => stagesWithAnswer.has(stage));
    if (!isOurs || !isBegun || signal.aborted) throw error;
    write(`${code}: trying this file once more`);
    // Brings an evaluator back that has ended.
    if (code === 'evaluator-unreachable') await classifier.probe(signal);
    return await classifier.classify(location, { onProgress, signal });
  }
}
