import { join, resolve } from 'node:path';
import { type CodedError, CxrError, toCodedError } from '../../../contract/errors.ts';
import type { ArchivePlace } from '../../../contract/network/archive.ts';
import type { ArchivedStudy } from '../../../contract/network/archived-study.ts';
import { HandedOn } from '../../network/handed-on.ts';
import { Spool } from '../../network/receive/spool.ts';
import { deliver } from '../../network/send/deliver.ts';
import { ping } from '../../network/send/ping.ts';
import { findStudies } from '../../network/web/find-studies.ts';
import { retrieveStudy } from '../../network/web/retrieve-study.ts';
import { archiveEntity, archiveOnWeb } from '../../settings/network-options.ts';
import { resolveSettings, type Settings } from '../../settings/settings.ts';
import type { Wish } from '../arguments/read-arguments.ts';
import { interruption } from '../interruption.ts';
import { errorLine } from '../outcome.ts';
import { tellFailure } from '../output.ts';
import { printable } from '../printable.ts';
import { placesHere } from '../read-connection.ts';
import { dataFolder } from '../stored-keys.ts';
import { UsageError } from '../usage-error.ts';

type ArchiveWish = Extract<Wish, { kind: 'archive' }>;

const write = (line: string) => process.stderr.write(`${line}\n`);
const print = (line: string) => process.stdout.write(`${line}\n`);
/** So much of the disk is left free by a retrieval, bytes. */
const leastFreeBytes = 512 * 1024 * 1024;

/**
 * The command `archive`: asks the archive that the settings name whether it is there, sends files to it, finds the studies of
 * a patient there, or brings one.
 *
 * @returns the exit status: 0 when all was done, 1 when something was not, 2 for wrong usage.
 */
export async function archive(wish: ArchiveWish): Promise<number> {
  try {
    const data = dataFolder(wish.data);
    const { policy, environment, own } = placesHere(data);
    const settings = resolveSettings({ policy: policy.text, argv: [], environment, own });
    if (settings.fault !== null) throw settings.fault;
    return await doneWith(wish, settings, data, interruption());
  } catch (error) {
    return tellFailure(error, write);
  }
}

function doneWith(
  { action, operands }: ArchiveWish,
  settings: Settings,
  data: string,
  signal: AbortSignal,
): Promise<number> {
  switch (action) {
    case 'test':
      return test(settings, signal);
    case 'send':
      return send(operands, settings, data, signal);
    case 'find':
      return find(operands[0]!, settings, signal);
    case 'get':
      return get(operands[0]!, operands[1]!, settings, signal);
  }
}

const unset = (names: string): UsageError =>
  new UsageError(`the settings do not name ${names} (docs/settings.md)`);

function webArchive(settings: Settings) {
  const found = archiveOnWeb(settings);
  if (found === null) throw unset('archiveUrl');
  return found;
}

/** Tries what is configured. Nothing about a patient is asked: the ID is one that nobody has. */
async function test(settings: Settings, signal: AbortSignal): Promise<number> {
  const [entity, web] = [archiveEntity(settings), archiveOnWeb(settings)];
  if (entity === null && web === null) throw unset('archive or archiveUrl');
  const outcomes: (CodedError | null)[] = [];
  const tried = async (name: string, work: () => Promise<unknown>) => {
    const error = await work().then(() => null, toCodedError);
    print(`${name}: ${error === null ? 'answers' : errorLine(error)}`);
    outcomes.push(error);
  };
  const { value: title } = settings.dicomTitle;
  if (entity !== null) await tried('C-ECHO', () => ping({ kind: 'dimse', remote: entity }, title, signal));
  if (web !== null) await tried('DICOMweb', () => ping({ kind: 'web', archive: web }, title, signal));
  return outcomes.every((error) => error === null) ? 0 : 1;
}

/** By C-STORE where the settings name such an archive, else by STOW-RS. */
async function send(
  paths: readonly string[],
  settings: Settings,
  data: string,
  signal: AbortSignal,
): Promise<number> {
  const [remote, web] = [archiveEntity(settings), archiveOnWeb(settings)];
  const destination: ArchivePlace | null =
    remote !== null ? { kind: 'dimse', remote } : web === null ? null : { kind: 'web', archive: web };
  if (destination === null) throw unset('archive or archiveUrl');
  const record = HandedOn.open(join(data, 'network', 'sent'));
  const caller = { title: settings.dicomTitle.value, signal };
  const deliveries = await deliver(
    paths.map((path) => resolve(path)),
    destination,
    caller,
    record,
  );
  for (const { path, error } of deliveries)
    print(`${printable(path)}: ${error === null ? 'is there' : errorLine(error)}`);
  return deliveries.every(({ error }) => error === null) ? 0 : 1;
}

async function find(patientId: string, settings: Settings, signal: AbortSignal): Promise<number> {
  for (const study of await findStudies(webArchive(settings), patientId, signal)) print(studyLine(study));
  return 0;
}

const studyLine = ({ study, date, modalities, instances, description }: ArchivedStudy): string =>
  [date ?? '-', study, modalities.join('+') || '-', instances ?? '-', printable(description ?? '-')].join(
    '\t',
  );

async function get(study: string, folder: string, settings: Settings, signal: AbortSignal): Promise<number> {
  const web = webArchive(settings);
  const mostBytes = settings.dicomMegabytes.value * 1e6;
  const { spool } = await Spool.open(resolve(folder), { mostBytes, leastFreeBytes });
  const count = await retrieveStudy(web, study, {
    spool,
    signal,
    onStored: ({ path }) => print(printable(path)),
  });
  if (count === 0) throw new CxrError('nothing-found', { reason: 'empty' });
  return 0;
}
