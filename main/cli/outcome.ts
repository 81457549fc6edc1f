import type { CodedError, ErrorCode } from '../../contract/errors.ts';
import type { AnalysisResult } from '../../contract/stages.ts';
import { errorTextOf } from '../../contract/words/error-reason.ts';
import { technicalLine } from '../../contract/words/error-text.ts';

/**
 * What became of one file. `skipped` marks a file that lies in a folder or an archive beside radiographs and is none
 * itself, such as the program on a patient's disc; nobody asked for it to be classified. A result whose export was asked for has
 * the names of its files, or why there are none.
 */
export type Outcome =
  | {
      readonly file: string;
      readonly result: AnalysisResult;
      readonly exported?: readonly string[];
      readonly unexported?: CodedError;
    }
  | { readonly file: string; readonly error: CodedError; readonly skipped?: true };

/** Counts of outcomes. Every file is in exactly one of the counts behind `files`. */
export type Summary = {
  readonly files: number;
  readonly classified: number;
  /** Refused, or failed in any other way. */
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  /** Not tried, because the evaluator was not reached for an earlier one. */
  readonly untried: number;
  /** Classified, but not exported although that was asked for. It is absent where there is none. */
  readonly unexported?: number;
};

/** These say that a file is no frontal radiograph, or one that is there already; all others that something is wrong. */
const besideRadiographs: ReadonlySet<ErrorCode> = new Set([
  'dicom-not-dicom',
  'dicom-no-pixels',
  'dicom-not-radiograph',
  'dicom-duplicate',
  'input-view',
  'input-raw',
]);

/** Makes the outcome of a file that was not classified. */
export const refusalOf = (file: string, error: CodedError, isNamed: boolean): Outcome => ({
  file,
  error,
  ...(!isNamed && besideRadiographs.has(error.code) ? { skipped: true } : {}),
});

/** What to do on a command line, in place of an advice that names a place in the window. */
const adviceHere: Partial<Readonly<Record<ErrorCode, string>>> = {
  'key-locked': 'Give the passphrase of the keys, at the terminal or with --passphrase-file.',
  'key-none': 'Make one with “cipherfilm keys create”, or take one in with “cipherfilm keys import”.',
  'input-turned':
    'Turn it where it is stored, or classify it with --turn where that is certain. Nothing was sent.',
  'key-spent': 'Change it for a new one with “cipherfilm keys rotate”.',
};

/** Writes an error as lines: title and advice, as far as they fit in the window's words, and the code with its details. */
export function errorLines(error: CodedError): string[] {
  const { title, advice } = errorTextOf(error);
  // A reason has an advice of its own.
  const isAnother = error.code === 'key-locked' && error.detail.reason === 'another keychain';
  return [
    title,
    (isAnother ? undefined : adviceHere[error.code]) ?? advice,
    `${technicalLine(error)} (docs/errors.md)`,
  ];
}

/** Says in one line what went wrong, for a line among others. */
export const errorLine = (error: CodedError): string => `${errorTextOf(error).title} (${error.code})`;

/** Adds up what became of all files. */
export function summaryOf(outcomes: readonly Outcome[]): Summary {
  const kinds = outcomes.map(kindOf);
  const unexported = outcomes.filter(isUnexported).length;
  const count = (kind: ReturnType<typeof kindOf>) => kinds.filter((each) => each === kind).length;
  return {
    files: outcomes.length,
    classified: count('classified'),
    failed: count('failed'),
    skipped: count('skipped'),
    cancelled: count('cancelled'),
    untried: count('untried'),
    ...(unexported === 0 ? {} : { unexported }),
  };
}

const isUnexported = (outcome: Outcome): boolean => 'result' in outcome && outcome.unexported !== undefined;

function kindOf(outcome: Outcome): Exclude<keyof Summary, 'files' | 'unexported'> {
  if ('result' in outcome) return 'classified';
  const { error, skipped } = outcome;
  if (skipped === true) return 'skipped';
  if (error.code === 'cancelled') return 'cancelled';
  return error.code === 'evaluator-unreachable' && error.detail.untried === true ? 'untried' : 'failed';
}

/** The exit status of a run: 0 when something was classified, and exported if asked, and nothing but skipped files was not. */
export function statusOf(outcomes: readonly Outcome[]): 0 | 1 {
  const { files, classified, skipped, unexported } = summaryOf(outcomes);
  return unexported === undefined && classified > 0 && classified + skipped === files ? 0 : 1;
}

/** Writes the sums in one line, so that nobody has to count. */
export function summaryLine(outcomes: readonly Outcome[]): string {
  const { files, classified, failed, skipped, cancelled, untried, unexported } = summaryOf(outcomes);
  const first = outcomes.find((outcome) => kindOf(outcome) === 'untried');
  const parts = [
    `${classified} classified`,
    ...(unexported === undefined ? [] : [`${unexported} of them not exported`]),
    ...(failed > 0 ? [`${failed} refused or failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(first !== undefined && 'error' in first
      ? [
          `${untried} not tried after the evaluator was asked once more for all of them. ${errorTextOf(first.error).title}`,
        ]
      : []),
  ];
  return `${files} ${files === 1 ? 'file' : 'files'}: ${parts.join(', ')}`;
}
