import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDescription } from '../../native-models/bundle.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import { openServerHalf } from '../../native-models/server-half.ts';

const shipped = join(import.meta.dirname, '..', '..', 'native-models', 'cxr-f8-r1');

describe('a bundle', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bundle-'));
    await cp(shipped, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const alter = async (file: string, change: (text: string) => string) =>
    writeFile(join(folder, file), change(await readFile(join(folder, file), 'latin1')), 'latin1');

  it('has the same id in both halves', async () => {
    const [client, server] = [
      await readDescription(folder, 'client'),
      await readDescription(folder, 'server'),
    ];
    expect(client.id).toBe(server.id);
    expect(client.description.output.count).toBe(14);
  });

  it('is refused when a weight, the encoder or the calibration was changed', async () => {
    await alter('server/weights.bin', (text) => `x${text.slice(1)}`);
    await expect(openServerHalf(folder)).rejects.toThrow(/bundle-digest.*weights.bin/);
    await alter('client/encoder.onnx', (text) => `${text}\0`);
    await expect(openClientHalf(folder)).rejects.toThrow(/bundle-digest.*encoder.onnx/);
  });

  it('is refused when the description promises another program', async () => {
    await alter('server/bundle.json', (text) =>
      text.replace(/"programDigest": "[0-9a-f]{8}/, '"programDigest": "00000000'),
    );
    await expect(openServerHalf(folder)).rejects.toThrow(/bundle-digest.*program/);
  });

  it('is refused when its parameters are insecure', async () => {
    await alter('client/bundle.json', (text) =>
      text.replace('"polyModulusDegree": 16384', '"polyModulusDegree": 8192'),
    );
    await expect(openClientHalf(folder)).rejects.toThrow(/params-insecure/);
  });

  it('is refused when a file or the folder is missing', async () => {
    await rm(join(folder, 'server', 'graph.json'));
    await expect(openServerHalf(folder)).rejects.toThrow(/bundle-missing/);
    await expect(openClientHalf(join(folder, 'nowhere'))).rejects.toThrow(/bundle-missing/);
  });
});
