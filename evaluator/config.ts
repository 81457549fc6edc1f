import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CxrError } from '../contract/errors.ts';
import { nativeSets } from '../kernel/native.ts';
import { type Arithmetic, arithmetics, fastestArithmetic } from '../kernel/open.ts';
import { isLoopback } from './http/host-names.ts';
import { optionsFromEnvironment, optionsFromFlags } from './options.ts';

/** Digits alone: `Number` would read an empty text as 0. */
const whole = (min: number, max: number) =>
  z.string().regex(/^\d+$/, 'a whole number is expected').transform(Number).pipe(z.int().min(min).max(max));
const schema = z.object({
  host: z.string().min(1).default('127.0.0.1'),
  port: whole(0, 65_535).default(8420),
  data: z.string().min(1).default('./.cipherfilm/evaluator'),
  bundles: z.string().min(1).optional(),
  workers: whole(1, 64).default(1),
  threads: whole(1, 64).optional(),
  arithmetic: z.enum(['auto', ...arithmetics]).default('auto'),
  'max-queued': whole(1, 10_000).default(256),
  'max-keys': whole(1, 100_000).default(128),
  'max-key-bytes': whole(1, Number.MAX_SAFE_INTEGER).default(8 * 1024 ** 3),
  'keep-minutes': z.coerce.number().positive().max(43_200).default(60),
  access: z.string().min(1).optional(),
  'host-names': z
    .string()
    .regex(/^[\w.-]+(,[\w.-]+)*$/, 'names with commas between are expected')
    .optional(),
  'drain-seconds': whole(0, 3_600).default(30),
  log: z.stringbool().default(false),
  metrics: z.stringbool().default(false),
  'insecure-http': z.stringbool().default(false),
});

/** How an evaluator runs; made only by `readConfig`. */
export type Config = {
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly bundleRoot: string;
  readonly workers: number;
  /** Threads of each worker, its own included; by default the cores are shared out. */
  readonly threads: number;
  /** `auto` is resolved: the fastest that this machine has. All give the same bits. */
  readonly arithmetic: Arithmetic;
  readonly maxQueued: number;
  readonly maxKeys: number;
  readonly maxKeyBytes: number;
  readonly keepMs: number;
  /** File with the digests of access tokens; null: whoever reaches the evaluator may use it. */
  readonly accessFile: string | null;
  /** Names beside those of this machine in the `Host` header of what a proxy passes on. */
  readonly hostNames: readonly string[];
  /** How long running jobs may take once the evaluator is asked to stop. */
  readonly drainMs: number;
  readonly log: boolean;
  /** Whether `/metrics` is served. */
  readonly metrics: boolean;
};

/**
 * Reads the configuration from flags and environment. Flags win.
 *
 * @throws CxrError `request-invalid` naming the flag, never its value; also for a host that is not loopback without
 *         `--insecure-http`, because this server speaks plain HTTP and leaves TLS to a reverse proxy, and without
 *         `--access`, because nobody is told apart then.
 */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse({ ...optionsFromEnvironment(env), ...optionsFromFlags(argv) });
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    // The schema's messages tell what is expected, never the value.
    throw new CxrError('request-invalid', { flag: `--${String(path[0])}`, reason: message });
  }
  const given = parsed.data;
  if (!isLoopback(given.host) && !given['insecure-http']) {
    throw new CxrError('request-invalid', {
      flag: '--host',
      expected: 'a loopback host behind a TLS proxy, or --insecure-http',
    });
  }
  if (!isLoopback(given.host) && given.access === undefined)
    throw new CxrError('request-invalid', {
      flag: '--access',
      expected: 'a file of access tokens, because others can reach this host',
    });
  return {
    host: given.host,
    port: given.port,
    dataFolder: resolve(given.data),
    bundleRoot: resolve(given.bundles ?? bundlesBesideTheCode()),
    workers: given.workers,
    threads: given.threads ?? defaultThreads(given.workers),
    arithmetic: resolveArithmetic(given.arithmetic),
    maxQueued: given['max-queued'],
    maxKeys: given['max-keys'],
    maxKeyBytes: given['max-key-bytes'],
    keepMs: given['keep-minutes'] * 60_000,
    accessFile: given.access === undefined ? null : resolve(given.access),
    hostNames: given['host-names']?.split(',') ?? [],
    drainMs: given['drain-seconds'] * 1_000,
    log: given.log,
    metrics: given.metrics,
  };
}

/** One analysis has no work for more than that. */
const mostUsefulThreads = 8;
const defaultThreads = (workers: number): number =>
  Math.min(mostUsefulThreads, Math.max(1, Math.floor(availableParallelism() / workers)));

function resolveArithmetic(wanted: 'auto' | Arithmetic): Arithmetic {
  if (wanted === 'auto') return fastestArithmetic();
  const available = ['wasm', ...nativeSets()];
  if (!available.includes(wanted))
    throw new CxrError('request-invalid', {
      flag: '--arithmetic',
      got: wanted,
      expected: `${available.join(' or ')} on this machine`,
    });
  return wanted;
}

/** native-models lies beside evaluator/ in the sources, and may lie one folder higher when bundled. */
function bundlesBesideTheCode(): string {
  const candidates = ['../native-models', '../../native-models'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return candidates.find((path) => existsSync(path)) ?? candidates[0]!;
}
