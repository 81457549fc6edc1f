#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { toCodedError } from '../../contract/errors.ts';
import product from '../../package.json' with { type: 'json' };
import { chooseBundle } from '../host/choose-bundle.ts';
import { bundleRoot } from '../host/headless.ts';
import { classify } from './classify.ts';
import { errorLine } from './outcome.ts';

const usage = `Usage: cipherfilm classify FILE... [--evaluator URL] [--json]
       cipherfilm --help | --version

  Classifies DICOM chest radiographs under encryption. Without --evaluator the settings decide (docs/settings.md);
  where they name no evaluator, one is started on this machine.
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
  if (parsed === null || command !== 'classify' || files.length === 0 || parsed.values.evaluator === '') {
    process.stderr.write(usage);
    return 2;
  }
  try {
    return await classify(files, parsed.values.evaluator, parsed.values.json);
  } catch (error) {
    const coded = toCodedError(error);
    if (parsed.values.json) process.stdout.write(`${JSON.stringify({ error: coded })}\n`);
    process.stderr.write(`cipherfilm: ${errorLine(coded)}\n`);
    return 1;
  }
}

process.exitCode = await run();
