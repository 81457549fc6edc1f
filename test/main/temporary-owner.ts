import { join } from 'node:path';
import { exitOnSignals, withTemporaryFolder } from '../../main/files/temporary-folder.ts';
import { launchNode } from '../../main/host/node-port.ts';

/** A tool that holds a temporary folder, and with an argument a busy child process, until it is told to end. */
exitOnSignals();
await withTemporaryFolder('life-owner-', async (folder) => {
  const entry = join(import.meta.dirname, 'busy-child.ts');
  const child = process.argv[2] === undefined ? null : launchNode<never, string>({ name: 'busy', entry });
  if (child !== null) await new Promise<unknown>((resolve) => child.onEvent(resolve));
  process.stdout.write(`${folder} ${child?.pid ?? 0}\n`);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
