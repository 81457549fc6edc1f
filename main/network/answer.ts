import { toCodedError } from '../../contract/errors.ts';
import type { Fetch, NetworkAnswer, NetworkCommand } from '../../contract/ipc/network.ts';
import { HandedOn } from './handed-on.ts';
import { Spool } from './receive/spool.ts';
import { deliver } from './send/deliver.ts';
import { ping } from './send/ping.ts';
import { findStudies } from './web/find-studies.ts';
import { retrieveStudy } from './web/retrieve-study.ts';

/** So much of the disk is left free by a study that is brought, bytes. */
const leastFreeBytes = 512 * 1024 * 1024;

/** Does what is asked of an archive. It does not throw: what went wrong is the answer. */
export async function answer(
  command: Extract<NetworkCommand, { readonly requestId: string }>,
): Promise<NetworkAnswer> {
  const { requestId } = command;
  try {
    switch (command.kind) {
      case 'deliver': {
        const { paths, place, title, record } = command.delivery;
        const deliveries = await deliver(paths, place, { title }, HandedOn.open(record));
        return { kind: 'delivered', requestId, errors: deliveries.map(({ error }) => error) };
      }
      case 'try':
        await ping(command.place, command.title);
        return { kind: 'tried', requestId };
      case 'find':
        return {
          kind: 'found',
          requestId,
          studies: await findStudies(command.archive, command.patientId),
        };
      case 'fetch':
        return { kind: 'fetched', requestId, paths: await bring(command.fetch) };
    }
  } catch (error) {
    return { kind: 'refused', requestId, error: toCodedError(error) };
  }
}

async function bring({ archive, study, folder, mostBytes }: Fetch): Promise<readonly string[]> {
  const { spool } = await Spool.open(folder, { mostBytes, leastFreeBytes });
  const paths: string[] = [];
  await retrieveStudy(archive, study, { spool, onStored: ({ path }) => paths.push(path) });
  return paths;
}
