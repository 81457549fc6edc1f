import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encryptVectors } from '../../he/client/encryption.ts';
import { evaluationKeyParts, KeyHolder } from '../../he/client/keys.ts';
import {
  type CostModel,
  type FittedCosts,
  fitCosts,
  type Measurement,
  type Operation,
  operationSeconds,
  operations,
  type Place,
} from '../../he/compiler/cost-model.ts';
import { type CkksParams, checkParams, findNttPrimes, type RingDegree } from '../../he/params.ts';
import type { HeBackend } from '../../he/run/backend.ts';
import { seededTensor } from '../../he/seeded-tensor.ts';
import { describeMachine } from '../bench/machine.ts';
import { readCount, readOptions, refuse } from '../command-options.ts';
import { openEngine } from './circuit-analysis.ts';
import { readCostModel, results } from './circuit-row.ts';

/**
 * Measures every operation of the backends on secure chains and fits the cost model to it, one thread each.
 * Writes docs/results/cost-model.json, prints fitted against measured. Three minutes a round on an otherwise idle
 * machine; `--rounds N` keeps the fastest of N rounds, `--merge` also that of earlier ones, for one that is not;
 * `--rounds 0 --merge` only fits again.
 */
const levelsByDegree: Record<RingDegree, readonly number[]> = {
  8192: [2, 3, 5],
  16384: [2, 4, 7, 10, 13],
  32768: [2, 6, 12, 22],
};
const primeBits = 30;
/** The backends that have a cost model. */
const backends = ['seal', 'kernel'] as const;
type Backend = (typeof backends)[number];
/** Small enough for the square of a value at two primes of 30 bits. */
const scale = 2 ** 20;
/** Plaintexts of one sum of products: more than the caches hold, so that it reads memory as a network does. */
const productBytes = 2 ** 26;
/** A step with a key of its own at every level. */
const rotationStep = 1;

/** A secure chain of just as many primes. */
function chainOf({ polyModulusDegree, level }: Place): CkksParams {
  const [special, ...data] = findNttPrimes(polyModulusDegree, primeBits, level + 1);
  return checkParams({
    polyModulusDegree,
    dataPrimes: data.map(String),
    specialPrime: String(special!),
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

async function measurePlace(backendName: Backend, place: Place): Promise<Measurement[]> {
  const { polyModulusDegree, level } = place;
  const params = chainOf(place);
  using holder = await KeyHolder.forParams(params);
  using engine = await openEngine(backendName, params, [level]);
  const slots = seededTensor(params.slotCount, 1, 1);
  const [bytes] = encryptVectors(holder, [slots], scale);
  const value = engine.readInput(bytes!, scale);
  const plan = { relinearizationLevel: level, rotations: [{ step: rotationStep, level }] };
  const parts = [...evaluationKeyParts(holder, plan)];
  const checked = parts.map((part, index) => {
    const places = index === 0 ? 1 : polyModulusDegree;
    const step = index === 0 ? 0 : rotationStep;
    return { step, level, places, bytes: part, heapBytes: engine.keyBytes(level, places) };
  });
  const loadKey = fastest({
    work: () => {
      const keys = engine.openKeys(checked.slice(1));
      keys.add(checked[1]!);
      return keys;
    },
    release: (keys) => keys[Symbol.dispose](),
  });
  using keys = engine.openKeys(checked);
  for (const key of checked) keys.add(key);
  engine.useKeys(keys);
  const times = measureOperations(engine.backend, value, slots, level);
  return operations.map((operation) => ({
    operation,
    polyModulusDegree,
    level: operation === 'dropTo' ? level - 1 : level,
    seconds: operation === 'loadKey' ? loadKey : times[operation],
  }));
}

function measureOperations<Ct, Pt>(
  backend: HeBackend<Ct, Pt>,
  value: Ct,
  slots: Float64Array,
  level: number,
): Record<Exclude<Operation, 'loadKey'>, number> {
  const release = (made: Ct) => backend.release(made);
  const time = (work: () => Ct) => fastest({ work, release });
  const timeSwitch = (work: () => Ct) => fastest({ work, release, before: forgetCaches });
  const other = backend.rotate(value, rotationStep);
  const product = backend.square(value);
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
  for (const made of [other, product]) backend.release(made);
  return times;
}

function printFit(backend: Backend, model: FittedCosts): void {
  process.stdout.write(`\n${backend}\n`);
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
async function measureInChild(backend: Backend, { polyModulusDegree, level }: Place): Promise<Measurement[]> {
  const place = `${backend}:${polyModulusDegree}:${level}`;
  const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, '--place', place]);
  return JSON.parse(stdout) as Measurement[];
}

async function measureRound(backend: Backend, round: number): Promise<Measurement[]> {
  const measured: Measurement[] = [];
  for (const [degree, levels] of Object.entries(levelsByDegree)) {
    for (const level of levels) {
      const fresh = await measureInChild(backend, { polyModulusDegree: Number(degree), level });
      measured.push(...fresh);
      const rotate = fresh.find(({ operation }) => operation === 'rotate')!;
      process.stderr.write(
        `  ${backend}, round ${round + 1}: N = ${degree}, ${level} primes: rotate ${(rotate.seconds * 1e3).toFixed(1)} ms\n`,
      );
    }
  }
  return measured;
}

const keyOf = ({ operation, polyModulusDegree, level }: Measurement): string =>
  `${operation} ${polyModulusDegree} ${level}`;

async function calibrate(rounds: number, known: CostModel['backends'] | null): Promise<void> {
  const fitted = {} as Record<Backend, FittedCosts>;
  for (const backend of backends) {
    const fastest = new Map(known?.[backend].measurements.map((one) => [keyOf(one), one]));
    for (let round = 0; round < rounds; round += 1) {
      for (const measurement of await measureRound(backend, round)) {
        const before = fastest.get(keyOf(measurement))?.seconds ?? Number.POSITIVE_INFINITY;
        if (measurement.seconds < before) fastest.set(keyOf(measurement), measurement);
      }
    }
    const measurements = [...fastest.values()];
    fitted[backend] = {
      nanoseconds: fitCosts(measurements),
      measurements: measurements.map((one) => ({ ...one, seconds: Number(one.seconds.toPrecision(4)) })),
    };
  }
  const model: CostModel = {
    schema: 'cipherfilm-cost-model/2',
    machine: describeMachine(),
    backends: fitted,
  };
  await writeFile(join(results, 'cost-model.json'), `${JSON.stringify(model, null, 2)}\n`);
  for (const backend of backends) printFit(backend, fitted[backend]);
}

const usage = 'usage: npm run calibrate [-- --rounds N] [--merge]';
const options = readOptions(usage, {
  rounds: { type: 'string', default: '1' },
  merge: { type: 'boolean', default: false },
  place: { type: 'string' },
});
if (options.place !== undefined) {
  const [backend = '', polyModulusDegree = 0, level = 0] = options.place.split(':');
  const place = { polyModulusDegree: Number(polyModulusDegree), level: Number(level) };
  const levels = levelsByDegree[place.polyModulusDegree as RingDegree] ?? [];
  if (!backends.some((one) => one === backend) || !levels.includes(place.level))
    refuse(usage, '--place is what a measurement tells its own process');
  process.stdout.write(JSON.stringify(await measurePlace(backend as Backend, place)));
} else {
  const rounds = readCount(usage, '--rounds', options.rounds, [options.merge ? 0 : 1, 99]);
  await calibrate(rounds, options.merge ? (await readCostModel()).backends : null);
}
