import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SealBackend } from '../he/backends/seal.ts';
import { encryptVectors } from '../he/client.ts';
import {
  type CostModel,
  fitCostModel,
  type Measurement,
  type Operation,
  operationSeconds,
  operations,
  type Place,
} from '../he/cost-model.ts';
import { seededTensor } from '../he/graph.ts';
import { evaluationKeyParts, KeyHolder } from '../he/keys.ts';
import { type CkksParams, checkParams, findNttPrimes, type RingDegree } from '../he/params.ts';
import { keyBytes } from '../he/seal/bytes.ts';
import { LevelContexts } from '../he/seal/context.ts';
import { KeyCache } from '../he/seal/key-cache.ts';
import { type Ciphertext, loadSeal } from '../he/seal/module.ts';
import { readCostModel, results } from './circuit-row.ts';
import { readCount, readOptions } from './command-options.ts';

/**
 * Measures every operation of the `seal` backend on secure chains and fits the cost model to it.
 * Writes docs/results/cost-model.json, prints fitted against measured. Two minutes a round on an otherwise idle machine;
 * `--rounds N` keeps the fastest of N rounds, `--merge` also that of earlier ones, for one that is not;
 * `--rounds 0 --merge` only fits again.
 */
const levelsByDegree: Record<RingDegree, readonly number[]> = {
  8192: [2, 3, 5],
  16384: [2, 4, 7, 10, 13],
  32768: [2, 6, 12, 22],
};
const primeBits = 30;
const specialPrimeBits = 40;
/** Small enough for the square of a value at two primes of 30 bits. */
const scale = 2 ** 20;
/** Plaintexts of one sum of products: more than the caches hold, so that it reads memory as a network does. */
const productBytes = 2 ** 26;
/** A step with a key of its own at every level. */
const rotationStep = 1;

/** A secure chain of just as many primes. */
function chainOf({ polyModulusDegree, level }: Place): CkksParams {
  const data = findNttPrimes(polyModulusDegree, primeBits, level);
  return checkParams({
    polyModulusDegree,
    dataPrimes: data.map(String),
    specialPrime: String(findNttPrimes(polyModulusDegree, specialPrimeBits, 1, data)[0]!),
    scaleBits: primeBits,
  });
}

/** More than any processor keeps in its caches. */
const otherMemory = new Float64Array(2 ** 23);

/** A program comes back to a key only after many others and many weights. */
function forgetCaches(): void {
  for (let index = 0; index < otherMemory.length; index += 8) otherMemory[index]! += 1;
}

type Timed<Made> = {
  readonly work: () => Made;
  /** Ends what a run made; not timed. */
  readonly release: (made: Made) => void;
  /** Not timed either. */
  readonly before?: () => void;
  /** Operations in one run. */
  readonly perRun?: number;
};

/** Wall time of the fastest of several runs: other work only ever adds. */
function fastest<Made>({ work, release, before, perRun = 1 }: Timed<Made>): number {
  let best = Number.POSITIVE_INFINITY;
  let spent = 0;
  for (let run = 0; run < 4 || (spent < 0.3 && run < 60); run += 1) {
    before?.();
    const from = performance.now();
    const made = work();
    const seconds = (performance.now() - from) / 1000;
    release(made);
    spent += seconds;
    if (run > 0) best = Math.min(best, seconds / perRun);
  }
  return best;
}

async function measurePlace(place: Place): Promise<Measurement[]> {
  const { polyModulusDegree, level } = place;
  const params = chainOf(place);
  const seal = await loadSeal();
  using holder = await KeyHolder.forParams(params);
  using contexts = new LevelContexts(seal, params);
  using backend = new SealBackend(seal, contexts);
  const slots = seededTensor(params.slotCount, 1, 1);
  const [bytes] = encryptVectors(holder, [slots], scale);
  using value = new seal.Ciphertext();
  value.loadFromArray(contexts.top, bytes!);
  const plan = { relinearizationLevel: level, rotations: [{ step: rotationStep, level }] };
  const [relinearization, rotation] = [...evaluationKeyParts(holder, plan)];
  const form = { polyModulusDegree, primes: level + 1, seeded: false };
  const checked = [
    { step: 0, level, bytes: relinearization!, heapBytes: keyBytes(form, 1) },
    { step: rotationStep, level, bytes: rotation!, heapBytes: keyBytes(form, polyModulusDegree) },
  ];
  const openKeys = () => new KeyCache(seal, contexts, checked, 2 ** 31);
  const loadKey = fastest({
    work: () => {
      const keys = openKeys();
      keys.rotation(rotationStep);
      return keys;
    },
    release: (keys) => keys[Symbol.dispose](),
  });
  using keys = openKeys();
  backend.useKeys(keys);
  const times = { loadKey, ...measureOperations(backend, value, slots, level) };
  return operations.map((operation) => ({
    operation,
    polyModulusDegree,
    level: operation === 'dropTo' ? level - 1 : level,
    seconds: times[operation],
  }));
}

function measureOperations(
  backend: SealBackend,
  value: Ciphertext,
  slots: Float64Array,
  level: number,
): Record<Exclude<Operation, 'loadKey'>, number> {
  const release = (made: Ciphertext) => backend.release(made);
  const time = (work: () => Ciphertext) => fastest({ work, release });
  const timeSwitch = (work: () => Ciphertext) => fastest({ work, release, before: forgetCaches });
  using other = backend.rotate(value, rotationStep);
  using product = backend.square(value);
  const count = Math.ceil(productBytes / (16 * slots.length * level));
  const plaintexts = Array.from({ length: count }, () => backend.encode(slots, level, scale));
  const terms = plaintexts.map((plaintext) => [value, plaintext] as const);
  const times = {
    rotate: timeSwitch(() => backend.rotate(value, rotationStep)),
    relinearize: timeSwitch(() => backend.relinearize(product)),
    product: fastest({ work: () => backend.sumOfProducts(terms), release, perRun: count }),
    add: time(() => backend.add(value, other)),
    addPlain: time(() => backend.addPlain(value, plaintexts[0]!)),
    square: time(() => backend.square(value)),
    multiply: time(() => backend.multiply(value, other)),
    rescale: time(() => backend.rescale(value)),
    dropTo: time(() => backend.dropTo(value, level - 1)),
    encode: fastest({
      work: () => backend.encode(slots, level, scale),
      release: (plaintext) => backend.releasePlaintext(plaintext),
    }),
  };
  for (const plaintext of plaintexts) backend.releasePlaintext(plaintext);
  return times;
}

function printFit(model: CostModel): void {
  for (const operation of operations) {
    const own = model.measurements.filter((measurement) => measurement.operation === operation);
    const coefficients = Object.entries(model.nanoseconds[operation])
      .map(([term, nanoseconds]) => `${nanoseconds} · ${term}`)
      .join(' + ');
    process.stdout.write(`\n${operation} = ${coefficients} (ns)\n`);
    for (const measurement of own) {
      const fitted = operationSeconds(model, operation, measurement);
      const off = (fitted / measurement.seconds - 1) * 100;
      const { polyModulusDegree, level, seconds } = measurement;
      process.stdout.write(
        `  N ${String(polyModulusDegree).padStart(5)}  primes ${String(level).padStart(2)}  measured ${(seconds * 1e3).toFixed(3).padStart(9)} ms  fitted ${(fitted * 1e3).toFixed(3).padStart(9)} ms  ${off >= 0 ? '+' : ''}${off.toFixed(0)} %\n`,
      );
    }
  }
}

/** In a process of its own, because freed memory of one level is of no use to another in SEAL's pools. */
async function measureInChild({ polyModulusDegree, level }: Place): Promise<Measurement[]> {
  const place = `${polyModulusDegree}:${level}`;
  const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, '--place', place]);
  return JSON.parse(stdout) as Measurement[];
}

async function measureRound(round: number): Promise<Measurement[]> {
  const measured: Measurement[] = [];
  for (const [degree, levels] of Object.entries(levelsByDegree)) {
    for (const level of levels) {
      const fresh = await measureInChild({ polyModulusDegree: Number(degree), level });
      measured.push(...fresh);
      const rotate = fresh.find(({ operation }) => operation === 'rotate')!;
      process.stderr.write(
        `  round ${round + 1}: N = ${degree}, ${level} primes: rotate ${(rotate.seconds * 1e3).toFixed(1)} ms\n`,
      );
    }
  }
  return measured;
}

const keyOf = ({ operation, polyModulusDegree, level }: Measurement): string =>
  `${operation} ${polyModulusDegree} ${level}`;

async function calibrate(rounds: number, known: readonly Measurement[]): Promise<void> {
  const fastest = new Map(known.map((measurement) => [keyOf(measurement), measurement]));
  for (let round = 0; round < rounds; round += 1) {
    for (const measurement of await measureRound(round)) {
      const before = fastest.get(keyOf(measurement))?.seconds ?? Number.POSITIVE_INFINITY;
      if (measurement.seconds < before) fastest.set(keyOf(measurement), measurement);
    }
    await writeModel([...fastest.values()]);
  }
  printFit(await writeModel([...fastest.values()]));
}

async function writeModel(measurements: readonly Measurement[]): Promise<CostModel> {
  const model: CostModel = {
    schema: 'cipherfilm-cost-model/1',
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      node: process.version,
      platform: process.platform,
    },
    backend: 'seal',
    threads: 1,
    nanoseconds: fitCostModel(measurements),
    measurements: measurements.map((measurement) => ({
      ...measurement,
      seconds: Number(measurement.seconds.toPrecision(4)),
    })),
  };
  await writeFile(join(results, 'cost-model.json'), `${JSON.stringify(model, null, 2)}\n`);
  return model;
}

const usage = 'usage: npm run calibrate [-- --rounds N] [--merge]';
const options = readOptions(usage, {
  rounds: { type: 'string', default: '1' },
  merge: { type: 'boolean', default: false },
  place: { type: 'string' },
});
if (options.place !== undefined) {
  const [polyModulusDegree = 0, level = 0] = options.place.split(':').map(Number);
  process.stdout.write(JSON.stringify(await measurePlace({ polyModulusDegree, level })));
} else {
  const rounds = readCount(options.rounds, [options.merge ? 0 : 1, 99], usage);
  await calibrate(rounds, options.merge ? (await readCostModel()).measurements : []);
}
