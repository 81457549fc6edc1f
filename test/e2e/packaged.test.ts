import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { openStore } from '../../main/worklist/store.ts';
import { titled } from '../titled.ts';
import { noWindow, profile, removeFolders, root, sample, studyMs } from './window.ts';

/**
 * `npm run package`, and what it made, copied elsewhere and started as a person would, with a film. All fuses are set
 * and no debugger is let in, so that nobody can look into the window. What became of the film is read where the program
 * keeps it: in the worklist on disk.
 */
const reason = noWindow ?? (process.platform === 'linux' ? null : 'only tried on Linux');

describe.skipIf(reason !== null)(titled('the packaged application', reason), () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'cipherfilm-packaged-'));
  const userData = profile();
  let child: ChildProcess | undefined;
  afterAll(async () => {
    if (child?.exitCode === null && child.signalCode === null) {
      child.kill();
      await new Promise((resolve) => child!.once('exit', resolve));
    }
    removeFolders(elsewhere, userData);
  });

  it('is made by one command, classifies a film without the repository and lets no debugger in', {
    timeout: 2 * studyMs,
  }, async () => {
    execFileSync(process.execPath, ['--run', 'package'], { cwd: root, stdio: 'pipe' });
    cpSync(join(root, 'dist', 'linux-unpacked'), join(elsewhere, 'application'), { recursive: true });
    cpSync(sample, join(elsewhere, 'film.dcm'));
    const port = await freePort();
    const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const doors = [`--remote-debugging-port=${port}`, '--inspect=0', '--auto-open-devtools-for-tabs'];
    const args = [...asRoot, `--user-data-dir=${userData}`, ...doors, 'film.dcm'];
    // Only what a desktop session has: nothing that points to the sources.
    const { DISPLAY, DBUS_SESSION_BUS_ADDRESS, XAUTHORITY, HOME } = process.env;
    child = spawn(join(elsewhere, 'application', 'cipherfilm'), args, {
      cwd: elsewhere,
      env: { DISPLAY, DBUS_SESSION_BUS_ADDRESS, XAUTHORITY, HOME, PATH: '/usr/bin:/bin' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr!.on('data', (text) => (said += text));
    await expect.poll(() => stateIn(userData), { timeout: studyMs, interval: 1_000 }).toBe('done');
    const { result, seen } = studyIn(userData)!;
    expect(result!.findings).toHaveLength(14);
    expect(seen.slice(-2)).toEqual(['decrypting', 'done']);
    await expect(fetch(`http://127.0.0.1:${port}/json/version`)).rejects.toThrow();
    expect(said).not.toMatch(/DevTools listening|Debugger listening/);
  });
});

/** The only study of the list on disk, read as the program reads it; undefined while there is none. */
function studyIn(folder: string): StudyRow | undefined {
  const keyPath = join(folder, 'worklist.plain-key');
  if (!existsSync(keyPath) || !existsSync(join(folder, 'worklist.sqlite'))) return undefined;
  using store = openStore(join(folder, 'worklist.sqlite'), readFileSync(keyPath)).store;
  return store?.load()[0]?.row;
}

/** The state of that study; of one that failed, why. */
function stateIn(folder: string): string | undefined {
  const row = studyIn(folder);
  return row?.error ? JSON.stringify(row.error) : row?.state;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
