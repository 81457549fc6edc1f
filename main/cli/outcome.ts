import type { CodedError } from '../../contract/errors.ts';
import type { AnalysisResult } from '../../contract/stages.ts';
import type { UnreachableReason } from '../../contract/unreachable.ts';

/** What became of one file. */
export type Outcome =
  | { readonly file: string; readonly result: AnalysisResult }
  | { readonly file: string; readonly error: CodedError };

const unreachableWords: Readonly<Record<UnreachableReason, string>> = {
  'connection refused': 'nothing listens at its address and port',
  'name not found': 'no address is known for its name',
  timeout: 'it did not answer in time',
  'connection lost': 'the connection was cut',
  'no route': 'the network knows no way to it',
  tls: 'no TLS could be agreed on',
  gateway: 'what stands in front of it says that it is away',
  'not started': 'its process could not be started',
  ended: 'its process ended',
  silent: 'its process did not listen in time',
  other: 'the network gave no known reason',
};

/** Says in words why the evaluator was not reached. */
export function unreachedBecause({
  reason,
  proxied,
}: {
  reason: UnreachableReason;
  proxied?: boolean;
}): string {
  return `${unreachableWords[reason]}${proxied === true ? ', by way of a proxy' : ''}`;
}

/** Writes an error as one line: in words where there are some, and always with its code and details. */
export function errorLine(error: CodedError): string {
  if (error.code === 'cancelled') return 'cancelled';
  const known = `${error.code} ${JSON.stringify(error.detail)} (see docs/errors.md)`;
  switch (error.code) {
    case 'evaluator-unreachable':
      return `the evaluator was not reached, ${unreachedBecause(error.detail)}: ${known}`;
    case 'setting-locked':
      return `"${error.detail.setting}" is decided by the ${error.detail.by ?? 'policy'}; leave the argument out: ${known}`;
    case 'setting-invalid':
      return `${[error.detail.file, error.detail.setting].filter((part) => part !== undefined).join(', ')} cannot be used, ${error.detail.reason}: ${known}`;
    default:
      return known;
  }
}

/** Adds up what became of all files in one line, so that nobody has to count. */
export function summaryLine(outcomes: readonly Outcome[]): string {
  const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
  const cancelled = errors.filter(({ code }) => code === 'cancelled').length;
  const untried = errors.flatMap((error) =>
    error.code === 'evaluator-unreachable' && error.detail.untried === true ? [error.detail] : [],
  );
  const failed = errors.length - cancelled - untried.length;
  const parts = [
    `${outcomes.length - errors.length} classified`,
    ...(failed > 0 ? [`${failed} refused or failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(untried[0] === undefined
      ? []
      : [
          `${untried.length} not tried, because the evaluator was not reached, asked once more for all of them (${unreachedBecause(untried[0])})`,
        ]),
  ];
  return `${outcomes.length} files: ${parts.join(', ')}`;
}
