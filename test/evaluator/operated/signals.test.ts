import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressIn } from '../../../contract/evaluator-line.ts';
import { paths } from '../../../contract/protocol.ts';
import { newFolder } from '../store/new-folder.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe.skipIf(process.platform === 'win32')('the shipped evaluator', () => {
  it('becomes ready, and ends in order on SIGTERM when nothing runs', async () => {
    const data = await newFolder();
    const argv = ['evaluator/index.ts', '--port', '0', '--data', data];
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const url = addressIn(String(line).trim())!;
    await expect
      .poll(async () => (await fetch(url + paths.ready)).status, { timeout: 30_000, interval: 200 })
      .toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }, 60_000);
});
