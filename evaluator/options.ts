import { parseArgs } from 'node:util';
import { CxrError } from '../contract/errors.ts';

/** Flags of the evaluator; each may also come from `CIPHERFILM_EVALUATOR_<NAME>`, a flag wins. */
export const options = {
  host: { type: 'string' },
  port: { type: 'string' },
  data: { type: 'string' },
  bundles: { type: 'string' },
  workers: { type: 'string' },
  threads: { type: 'string' },
  arithmetic: { type: 'string' },
  'max-queued': { type: 'string' },
  'max-keys': { type: 'string' },
  'max-key-bytes': { type: 'string' },
  'keep-minutes': { type: 'string' },
  access: { type: 'string' },
  'host-names': { type: 'string' },
  'drain-seconds': { type: 'string' },
  log: { type: 'boolean' },
  metrics: { type: 'boolean' },
  'insecure-http': { type: 'boolean' },
} as const;
type OptionName = keyof typeof options;
type Given = Partial<Record<OptionName, string>>;

/** What `--help` prints. */
export const usage = `usage: npm run evaluator [-- OPTIONS]
  --host NAME           where it listens, default 127.0.0.1; another needs --insecure-http and --access
  --port 0..65535       default 8420; 0 takes any that is free
  --data FOLDER         keys, jobs and results, default ./.cipherfilm/evaluator
  --bundles FOLDER      the models, default native-models beside the code
  --workers 1..64       analyses at the same time, default 1
  --threads 1..64       threads of each worker; by default the cores are shared out
  --arithmetic NAME     auto, wasm, avx2 or avx512, default auto
  --max-queued N        jobs that wait at most, default 256; a full queue still takes a fair share of each
  --max-keys N          evaluation keys that are kept at most, default 128
  --max-key-bytes N     their bytes at most, default 8 GiB
  --keep-minutes N      how long results are kept, default 60
  --access FILE         lets in only who has a token whose SHA-256 is in this file, a line each, with the
                        tenant's name behind it; keys, jobs and results are their tenant's alone
  --host-names A,B      names in the Host header of what a proxy on this machine passes on
  --drain-seconds N     how long running jobs may take once it is asked to stop, default 30
  --log                 a JSON line for every event, on standard error
  --metrics             serves /metrics for Prometheus, to whoever has a token
  --insecure-http       accepts a host that others can reach, without TLS
  --help                prints this
  Each may also be set as CIPHERFILM_EVALUATOR_<NAME>; a flag wins.
  Exit code: 0 stopped on request, 1 not started or broken off, 2 wrong usage; the reason is one JSON line.`;

/** Tells whether the command line asks for the usage. Whatever else is there does not matter then. */
export const asksForHelp = (argv: readonly string[]): boolean =>
  argv.includes('--help') || argv.includes('-h');

/**
 * Reads the flags as text, by name.
 *
 * @throws CxrError `request-invalid` naming the flag that is unknown, lacks its value or takes none.
 */
export function optionsFromFlags(argv: readonly string[]): Given {
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true });
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = reasons[code ?? ''] ?? 'cannot be read';
    // A name alone: what stands without a flag, or behind `=`, may be a secret in the wrong place.
    const flag = code === stray ? 'none' : (/'(?:-\w, )?(--?[\w-]+)/.exec(message)?.[1] ?? 'unknown');
    throw new CxrError('request-invalid', { flag, reason }, { cause });
  }
}

const stray = 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL';
const reasons: Readonly<Record<string, string>> = {
  ERR_PARSE_ARGS_UNKNOWN_OPTION: 'unknown, --help tells the flags',
  ERR_PARSE_ARGS_INVALID_OPTION_VALUE: 'lacks its value, or takes none',
  [stray]: 'an argument without a flag, --help tells the flags',
};

/** Reads what the environment sets, as text, by name of the flag. An empty variable sets nothing. */
export function optionsFromEnvironment(env: NodeJS.ProcessEnv): Given {
  const found: Given = {};
  for (const name of Object.keys(options) as OptionName[]) {
    const value = env[`CIPHERFILM_EVALUATOR_${name.toUpperCase().replaceAll('-', '_')}`];
    if (value !== undefined && value !== '') found[name] = value;
  }
  return found;
}
