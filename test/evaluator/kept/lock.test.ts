import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockFolder } from '../../../evaluator/store/folder-lock.ts';
import { newFolder } from '../store/new-folder.ts';

const script = join(import.meta.dirname, 'lock-holder.ts');

/** A process that asks for the lock of a folder, perhaps in a PID namespace of its own, and what it said. */
async function asking(folder: string, apart = false): Promise<{ said: string; child: ChildProcess }> {
  const command = [process.execPath, script, folder];
  const [program, ...args] = apart
    ? ['unshare', '-r', '--pid', '--fork', '--kill-child', ...command]
    : command;
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = (await once(child.stdout!, 'data')) as [Buffer];
  return { said: String(said), child };
}
const namespaces = spawnSync('unshare', ['-r', '--pid', '--fork', 'true']).status === 0;

describe('the lock of a data folder', () => {
  it('is held by one of many that ask at the same time', async () => {
    const folder = await newFolder();
    // What a crash left: the id of a process that is gone.
    await writeFile(join(folder, 'evaluator.lock'), '999999');
    const asked = await Promise.all(Array.from({ length: 6 }, () => asking(folder)));
    expect(asked.map(({ said }) => said).sort()).toEqual([
      ...new Array(5).fill('data-folder-in-use'),
      'held',
    ]);
  });

  it('ends with its process, however that dies', async () => {
    const folder = await newFolder();
    const { said, child } = await asking(folder);
    expect(said).toBe('held');
    await expect(lockFolder(folder, 50)).rejects.toMatchObject({ detail: { holder: child.pid } });
    child.kill('SIGKILL');
    await (await lockFolder(folder, 5_000))();
  });

  it('is waited for, as when an application is closed and opened again', async () => {
    const folder = await newFolder();
    const { child } = await asking(folder);
    const taken = lockFolder(folder);
    expect(await Promise.race([taken.then(() => 'taken'), sleep(300, 'waiting')])).toBe('waiting');
    child.kill();
    await (await taken)();
  });

  it.skipIf(!namespaces)('holds between PID namespaces, in which both are process 1', async () => {
    const folder = await newFolder();
    expect((await asking(folder, true)).said).toBe('held');
    expect((await asking(folder, true)).said).toBe('data-folder-in-use');
  });
});
