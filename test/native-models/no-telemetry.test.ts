import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/**
 * onnxruntime-node reports its use to its maker unless it is told not to. What it leaves behind when it does, a device id
 * and queued events below the home folder and a log in the temporary one, shows whether it was told in time.
 */
const root = join(import.meta.dirname, '..', '..');
const model = join(root, 'native-models', 'cxr-f8-r1', 'client', 'encoder.onnx');

describe.skipIf(process.platform !== 'linux' || !existsSync(model))(
  'the library that runs the encoder',
  () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'cipherfilm-quiet-'));
      for (const name of ['home', 'tmp']) mkdirSync(join(folder, name));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    /** Runs a module in a process whose home and temporary folders are empty. @returns what it left there. */
    async function leftBy(code: string): Promise<string[]> {
      // Nothing else is inherited: the library is silent where it finds the marks of a build server.
      const env = { PATH: process.env.PATH, HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp') };
      await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: root, env });
      const named = (name: string) => readdirSync(join(folder, name), { recursive: true }).map(String);
      return [...named('home'), ...named('tmp')];
    }

    it('is told to report nothing before it loads, and leaves no trace', async () => {
      const open = `const { openEncoder } = await import('./native-models/encoder.ts');
      const encoder = await openEncoder(${JSON.stringify(model)});
      await encoder.encode({ side: 256, values: new Float32Array(65_536) });
      await encoder.dispose();`;
      expect(await leftBy(open)).toEqual([]);
    });

    it('would leave traces otherwise, so that this test can fail', async () => {
      const open = `const runtime = await import('onnxruntime-node');
      await runtime.default.InferenceSession.create(${JSON.stringify(model)});`;
      expect(await leftBy(open)).not.toEqual([]);
    });
  },
);
