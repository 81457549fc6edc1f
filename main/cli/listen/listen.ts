import { setTimeout as wait } from 'node:timers/promises';
import type { ErrorCode } from '../../../contract/errors.ts';
import type { Arrival, NetworkWork } from '../../../contract/ipc/network.ts';
import { entries } from '../../host/entries.ts';
import type { Headless } from '../../host/headless.ts';
import { NetworkHost } from '../../host/network/network-host.ts';
import { launchNode } from '../../host/node-port.ts';
import { networkWork } from '../../settings/network-options.ts';
import { resolveSettings } from '../../settings/settings.ts';
import type { Wish } from '../arguments/read-arguments.ts';
import { type Classifier, classifyFiles } from '../classify-files.ts';
import { errorLine, type Outcome } from '../outcome.ts';
import { outputIn, tellFailure } from '../output.ts';
import { printable } from '../printable.ts';
import { placesHere } from '../read-connection.ts';
import { findImages } from '../sources/find-images.ts';
import { dataFolder } from '../stored-keys.ts';
import { UsageError } from '../usage-error.ts';
import { withClassifier } from '../with-classifier.ts';
import { Arrivals } from './arrivals.ts';

type ListenWish = Extract<Wish, { kind: 'listen' }>;

const write = (line: string) => process.stderr.write(`${line}\n`);
/** Where the evaluator cannot do it now: the file waits, and is tried again. */
const passing: ReadonlySet<ErrorCode> = new Set([
  ...([
    'evaluator-unreachable',
    'evaluator-unauthorised',
    'evaluator-certificate',
    'evaluator-proxy',
  ] as const),
  ...([
    'queue-full',
    'quota-exceeded',
    'storage-full',
    'job-failed',
    'job-not-ready',
    'job-unknown',
    'job-cancelled',
  ] as const),
  ...(['engine-crashed', 'key-locked', 'cancelled'] as const),
]);
const againMs = 60_000;
const mostUnreadable = 5;

/**
 * The command `listen`: receives studies as the settings say, classifies each file that arrives, and prints what became of
 * it, until a signal asks it to end.
 *
 * @returns the exit status: 0 when it was asked to end, 1 when it could not begin or go on, 2 for wrong usage.
 */
export async function listen(wish: ListenWish): Promise<number> {
  const output = outputIn(wish.form, (text) => process.stdout.write(text));
  try {
    const work = workOf(wish);
    await withClassifier<void>(wish, write, {
      work: (session, classifier, signal) => serve(work, session, classifier, signal, output.tell),
      interrupted: () => {},
    });
    return 0;
  } catch (error) {
    return tellFailure(error, write, output.fail);
  }
}

/** @throws UsageError where the settings name nothing to do. @throws CxrError as `networkWork`. */
function workOf({ data: given }: ListenWish): NetworkWork {
  const data = dataFolder(given);
  const { policy, environment, own } = placesHere(data);
  const settings = resolveSettings({ policy: policy.text, argv: [], environment, own });
  if (settings.fault !== null) throw settings.fault;
  const work = networkWork(settings, data);
  if (work.receive === null && work.watch === null)
    throw new UsageError('the settings name neither dicomPort nor watchFolder (docs/settings.md)');
  return work;
}

async function serve(
  work: NetworkWork,
  session: Headless,
  classifier: Classifier,
  signal: AbortSignal,
  tell: (outcome: Outcome) => void,
): Promise<void> {
  const arrivals = new Arrivals();
  const lost = new AbortController();
  await using network = new NetworkHost({
    ...{ launch: launchNode, entry: entries.network, work },
    onArrival: (arrival) => arrivals.add(arrival),
    onTrouble: (error, title) =>
      write(`  ${title === null ? 'somebody' : `${printable(title)}`}: ${errorLine(error)}`),
    onEnd: () => lost.abort(),
  });
  const port = await network.started();
  write(startedLine(work, port));
  const until = AbortSignal.any([signal, lost.signal]);
  const unreadable = new Map<string, number>();
  for (let next = await arrivals.next(until); next !== null; next = await arrivals.next(until)) {
    const outcomes = await classifyArrival(next, session, classifier, until, tell);
    const isLocked = outcomes.some(isUnreadable) && countIn(unreadable, next.path) < mostUnreadable;
    if (isLocked || outcomes.some(isPassing)) again(next, arrivals, until);
    else network.done(next.path);
    if (!isLocked) unreadable.delete(next.path);
  }
  if (!signal.aborted) await network.failure();
}

function startedLine({ receive, watch }: NetworkWork, port: number | null): string {
  const secure = receive?.tls == null ? '' : ' with TLS';
  const listening = receive === null ? [] : [`listening as ${receive.title} on port ${port}${secure}`];
  return [...listening, ...(watch === null ? [] : ['watching a folder'])].join(', ');
}

/** Another program may still have the file; one that stays unreadable is done. */
const isUnreadable = (outcome: Outcome): boolean =>
  'error' in outcome && outcome.error.code === 'file-unreadable';

function countIn(counts: Map<string, number>, path: string): number {
  const count = (counts.get(path) ?? 0) + 1;
  counts.set(path, count);
  return count;
}

const isPassing = (outcome: Outcome): boolean => 'error' in outcome && passing.has(outcome.error.code);

async function classifyArrival(
  { path }: Arrival,
  session: Headless,
  classifier: Classifier,
  signal: AbortSignal,
  tell: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const found = await findImages([path], { reader: session.reader, input: process.stdin, signal });
  return classifyFiles(found, classifier, { signal, write, tell });
}

/** The file waits, and others go first meanwhile. */
function again(arrival: Arrival, arrivals: Arrivals, signal: AbortSignal): void {
  wait(againMs, undefined, { signal, ref: false }).then(
    () => arrivals.add(arrival),
    () => {},
  );
}
