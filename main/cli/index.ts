#!/usr/bin/env node
import product from '../../package.json' with { type: 'json' };
import { forbidCoreDumps } from '../files/forbid-core-dumps.ts';
import { chooseBundle } from '../host/choose-bundle.ts';
import { bundleRoot } from '../host/headless.ts';
import { archive } from './archive/archive.ts';
import { completionScript } from './arguments/completion.ts';
import { commandHelp, programHelp } from './arguments/help.ts';
import { readArguments } from './arguments/read-arguments.ts';
import { classify } from './classify.ts';
import { keys } from './keys.ts';
import { listen } from './listen/listen.ts';

/** Names the program and the model, for whoever reports an error. */
async function versionLines(): Promise<string> {
  const bundle = await chooseBundle(bundleRoot).catch(() => 'none');
  return `cipherfilm ${product.version}\nmodel ${bundle}\n`;
}

/** Does what the arguments ask for. @returns the exit status. */
async function run(args: readonly string[]): Promise<number> {
  const wish = readArguments(args);
  switch (wish.kind) {
    case 'nothing':
      process.stderr.write(programHelp());
      return 2;
    case 'wrong':
      process.stderr.write(`cipherfilm: ${wish.line}\n`);
      return 2;
    case 'help':
      process.stdout.write(wish.command === null ? programHelp() : commandHelp(wish.command));
      return 0;
    case 'version':
      process.stdout.write(await versionLines());
      return 0;
    case 'completion':
      process.stdout.write(completionScript(wish.shell));
      return 0;
    case 'classify':
      return await classify(wish);
    case 'archive':
      return await archive(wish);
    case 'listen':
      return await listen(wish);
    case 'keys':
      return await keys(wish.args);
  }
}

// Whoever read standard output has gone, as `head` does; the status is that of SIGPIPE.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});
// Passphrases are typed into this process.
forbidCoreDumps();
process.exitCode = await run(process.argv.slice(2));
