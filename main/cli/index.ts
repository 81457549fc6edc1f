#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { toCodedError } from '../../contract/errors.ts';
import product from '../../package.json' with { type: 'json' };
import { chooseBundle } from '../host/choose-bundle.ts';
import { bundleRoot } from '../host/headless.ts';
import { classify } from './classify.ts';
import { completion } from './completion.ts';
import { keys } from './keys.ts';
import { errorLine } from './outcome.ts';
import { UsageError } from './usage-error.ts';

const usage = `Usage: cipherfilm classify FILE... [--evaluator URL] [--passphrase-file FILE] [--data FOLDER] [--json]
       cipherfilm keys COMMAND... (cipherfilm keys --help)
       cipherfilm completion bash|zsh|fish
       cipherfilm --help | --version

  Classifies DICOM chest radiographs under encryption. Without --evaluator the settings decide (docs/settings.md);
  where they name no evaluator, one is started on this machine.
  The key is the one that this workstation keeps, where it opens without a question or with --passphrase-file, which
  takes the first line of a file (- is standard input); otherwise one is made for this run and kept in memory.
  --data   the data folder in place of the application's
  --json   one object {analyses: [{file, result} | {file, error}]} on standard output,
           or {error} when nothing could be classified at all
  Ctrl-C cancels and reports what was done; a second one ends at once.
  Exit status: 0 all classified, 1 at least one refused, failed or cancelled, 2 wrong usage,
               128 and the signal's number when a second signal ended it.
`;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        evaluator: { type: 'string' },
        data: { type: 'string' },
        'passphrase-file': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    });
  } catch {
    return null;
  }
}

/** Names the program and the model, for whoever reports an error. */
async function versionLines(): Promise<string> {
  const bundle = await chooseBundle(bundleRoot).catch(() => 'none');
  return `cipherfilm ${product.version}\nmodel ${bundle}\n`;
}

async function run(): Promise<number> {
  const [first, ...others] = process.argv.slice(2);
  if (first === 'keys') return keys(others);
  const parsed = readArguments();
  const [command, ...files] = parsed?.positionals ?? [];
  if (parsed?.values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  if (parsed?.values.version === true) {
    process.stdout.write(await versionLines());
    return 0;
  }
  const script = command === 'completion' && files.length === 1 ? completion(files[0]!) : null;
  if (script !== null) {
    process.stdout.write(script);
    return 0;
  }
  if (parsed === null || command !== 'classify' || files.length === 0 || parsed.values.evaluator === '') {
    process.stderr.write(usage);
    return 2;
  }
  try {
    const { evaluator, data, json: asJson, 'passphrase-file': passphraseFile } = parsed.values;
    return await classify(files, { evaluator, data, passphraseFile, asJson });
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`cipherfilm: ${error.message}\n`);
      return 2;
    }
    const coded = toCodedError(error);
    if (parsed.values.json) process.stdout.write(`${JSON.stringify({ error: coded })}\n`);
    process.stderr.write(`cipherfilm: ${errorLine(coded)}\n`);
    return 1;
  }
}

process.exitCode = await run();
