import { type CodedError, toCodedError } from '../../contract/errors.ts';
import type { AnalysisResult } from '../../contract/stages.ts';
import type { Form } from './arguments/read-arguments.ts';
import { errorLine, errorLines, type Outcome, summaryOf } from './outcome.ts';
import { printable } from './printable.ts';
import { reportLines } from './report.ts';
import { UsageError } from './usage-error.ts';

/** Standard output in one form. docs/command-line.md describes the forms for programs. */
export type Output = {
  /** Hears what became of a file, as soon as that is known. */
  readonly tell: (outcome: Outcome) => void;
  /** Hears of all files at the end. */
  readonly end: (outcomes: readonly Outcome[]) => void;
  /** Hears why nothing could be begun, in place of everything else. */
  readonly fail: (error: CodedError) => void;
};

const silent = () => {};

/** Makes an output in the given form out of what writes text. */
export function outputIn(form: Form, write: (text: string) => void): Output {
  const writeJson = (value: object) => write(`${JSON.stringify(value)}\n`);
  const fail = (error: CodedError) => writeJson({ error });
  switch (form) {
    case 'text':
      // Why nothing could be begun is told on standard error.
      return { tell: (outcome) => write(`${outcomeLines(outcome).join('\n')}\n`), end: silent, fail: silent };
    case 'json':
      return { tell: silent, end: (analyses) => writeJson({ analyses }), fail };
    case 'json-lines':
      return { tell: writeJson, end: (outcomes) => writeJson({ summary: summaryOf(outcomes) }), fail };
  }
}

/**
 * Tells a person why a command came to nothing.
 *
 * @param fail  hears of it too, unless the command was used wrongly.
 * @returns the exit status: 2 for wrong usage, 1 for everything else.
 */
export function tellFailure(
  error: unknown,
  write: (line: string) => void,
  fail: Output['fail'] = silent,
): 1 | 2 {
  if (error instanceof UsageError) {
    write(`cipherfilm: ${error.message}`);
    return 2;
  }
  const coded = toCodedError(error);
  fail(coded);
  write(`cipherfilm: ${errorLines(coded).join('\n  ')}`);
  return 1;
}

function outcomeLines(outcome: Outcome): string[] {
  const file = printable(outcome.file);
  if ('result' in outcome) return ['', file, ...reportLines(outcome.result), ...exportLines(outcome)];
  if (outcome.skipped === true) return [`skipped ${file}: ${errorLine(outcome.error)}`];
  return ['', file, ...errorLines(outcome.error)];
}

function exportLines({ exported, unexported }: Extract<Outcome, { result: AnalysisResult }>): string[] {
  if (unexported !== undefined) return ['', 'Not exported', ...errorLines(unexported)];
  return exported === undefined || exported.length === 0 ? [] : [`Exported    ${exported.join(', ')}`];
}
