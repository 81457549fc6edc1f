import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openGraph } from '../../he/compiler/graph.ts';
import { checkParams } from '../../he/params.ts';
import {
  type CircuitRow,
  circuitRow,
  circuitRowSchema,
  compileAnyway,
  measuredSchema,
  readCostModel,
} from '../../tools/circuits/circuit-row.ts';
import { markdownTable, textTable } from '../../tools/circuits/circuit-table.ts';
import { NetworkWriter } from '../he/random-network.ts';

const command = join(import.meta.dirname, '..', '..', 'tools', 'circuits', 'circuits.ts');
const circuits = (...args: string[]) => promisify(execFile)(process.execPath, [command, ...args]);

/** Too deep for any ring: a square needs a level, and so does the map before it. */
function deepGraph(squares: number) {
  const net = new NetworkWriter(5);
  let last = 'input';
  for (let index = 0; index < squares; index += 1) {
    const linear = net.conv(`conv${index}`, last, 1, 1, 2, 1, 0);
    last = net.quadratic(`act${index}`, linear, 1);
  }
  const { literal, weights } = net.finish('deep', [1, squares + 2, squares + 2], last);
  return openGraph(literal, weights);
}

describe('npm run circuits', () => {
  it('prints one array of rows and nothing else with --json', async () => {
    const { stdout } = await circuits(
      '--network',
      'lenet',
      '--factor',
      '16',
      '--attention',
      'none',
      '--json',
    );
    const [row, ...others] = z.array(circuitRowSchema).parse(JSON.parse(stdout));
    expect(others).toEqual([]);
    expect(row).toMatchObject({ network: 'lenet', factor: 16, attention: 'none', securityBits: 128 });
    expect(row!.refused).toBeUndefined();
    expect(row!.predictedSeconds).toBeGreaterThan(0);
    expect(row!.programDigest).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    [['--network', 'alexnet'], 1, /no network for .*alexnet.* lenet-f8-none/],
    [['--explain', 'alexnet'], 1, /no network alexnet/],
    [['--explain', 'missing.json'], 1, /missing\.json/],
    [['--networks', 'lenet'], 2, /^circuits: Unknown option '--networks'; --help prints the usage\n$/],
    [['--measure', 'kernel1,kernel9'], 2, /^circuits: --measure takes kernel1, .*, not 'kernel9'/],
    [['--measure', ''], 2, /^circuits: --measure takes/],
  ])('answers %j with status %i and one message, not a stack', async (args, code, message) => {
    const failure = await circuits(...args).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, stderr: expect.stringMatching(message) });
    expect(failure).not.toMatchObject({ stderr: expect.stringContaining('    at ') });
  });
});

describe('a network beyond every ring', () => {
  const graph = deepGraph(22);

  it('still gets a row, with no security and the reason', async () => {
    const row = circuitRow(
      { network: 'deep', factor: 'f8', attention: 'none', trained: false },
      graph,
      await readCostModel(),
    );
    expect(circuitRowSchema.parse(row).securityBits).toBe(0);
    expect(row.refused?.code).toBe('graph-too-deep');
    expect(row.refused?.reason).toMatch(/levels short by \d+/);
    expect(row.predictedSeconds).toBeGreaterThan(0);
    expect(textTable([row])).toMatch(/Refused at 128 bits:\n {2}deep f8 none: graph-too-deep/);
  });

  it('does not pass the check of parameters', () => {
    const { compiled } = compileAnyway(graph);
    expect(() => checkParams(compiled.ckks)).toThrow(/params-insecure/);
  });
});

describe('the table', () => {
  const row: CircuitRow = {
    network: 'lenet',
    factor: 8,
    attention: 'none',
    trained: true,
    levels: 9,
    polyModulusDegree: 16384,
    dataPrimes: 10,
    primeBits: 30,
    logQP: 340,
    securityBits: 128,
    strategy: 'phases',
    rotations: 207,
    relinearizations: 8,
    plaintextProducts: 3536,
    ciphertextProducts: 8,
    rescales: 16,
    inputCiphertexts: 1,
    keySteps: 12,
    keyBytes: 98_000_000,
    weightBytes: 2_500_000_000,
    uploadBytes: 1_400_000,
    downloadBytes: 520_000,
    predictedError: 1.1e-4,
    predictedSeconds: 21.4,
    predictedSealSeconds: 210,
    measurements: [],
    encodeSeconds: 15,
    programDigest: 'a'.repeat(64),
  };
  const measured = measuredSchema.parse({
    backend: 'kernel',
    threads: 1,
    seconds: 33.3,
    cpuSeconds: 33,
    weights: 'recomputed',
    firstSeconds: 33.3,
    maxAbsLogitError: 2e-5,
    maxAbsClearError: 2e-5,
    maxAbsLogit: 1,
    peakBytes: 3_400_000_000,
    keyBytes: 97_000_000,
    uploadBytes: 1_390_000,
    downloadBytes: 500_000,
    keygenSeconds: 11,
  });

  it('has no measured columns where nothing was measured', () => {
    expect(markdownTable([row])).not.toMatch(/measured/);
    expect(textTable([row])).toContain('3,536');
  });

  it('says where the time includes encoding weights', () => {
    const table = markdownTable([{ ...row, measured, measurements: [measured] }]);
    expect(table).toContain('33 +w');
    expect(table).toContain('| 3.40 |');
    expect(table).toMatch(/\+w: weights do not stay in memory/);
  });

  it('has as many cells in every line', () => {
    const lines = markdownTable([row, { ...row, measured, measurements: [measured] }])
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(new Set(lines.map((line) => line.split('|').length)).size).toBe(1);
  });
});
