import childProcess, { type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { serialize } from 'node:v8';

/**
 * A workstation without a window, for the test that looks for secrets everywhere: it makes a key, seals it with a
 * passphrase, classifies the sample, exports the key in every way and takes one of the exports in again. Then it says
 * which processes run, and waits until its standard input ends.
 *
 * Whatever the engine, the reader and the evaluator are sent or tell goes to a record too, as the bytes that cross the
 * border. The arguments are the folder and the record; the passphrases are the first line of standard input.
 */
const [folder, record] = process.argv.slice(2) as [string, string];
const note = (message: unknown) => appendFileSync(record, serialize(message));
const { fork } = childProcess;
childProcess.fork = ((...args: Parameters<typeof fork>): ChildProcess => {
  const child = fork(...args);
  const { send } = child;
  child.send = ((message: unknown, ...rest: []) => {
    note(message);
    return send.call(child, message as object, ...rest);
  }) as typeof child.send;
  child.on('message', note);
  return child;
}) as typeof fork;
syncBuiltinESMExports();
const { sampleStudy, withHeadless } = await import('../../main/host/headless.ts');

const lines = createInterface({ input: process.stdin });
const { value: line } = await lines[Symbol.asyncIterator]().next();
const { passphrase, ofFiles } = JSON.parse(line as string) as Record<'passphrase' | 'ofFiles', string>;
const ended = new Promise((resolve) => lines.once('close', resolve));

const custody = { folder: join(folder, 'keys'), systemKey: null };
await withHeadless({ custody }, async ({ engine, reader, evaluator, classify }) => {
  await engine.keys({ kind: 'protect', passphrase, system: false }, null);
  const { keys } = await engine.keys({ kind: 'create', label: 'Room 4' }, null);
  const { fingerprint } = keys[0]!;
  const { address } = await engine.keys({ kind: 'address' }, null);
  await classify(sampleStudy);
  const out = join(folder, 'exports');
  mkdirSync(out);
  const byPassphrase = { kind: 'passphrase', passphrase: ofFiles } as const;
  const toAddresses = { kind: 'addresses' as const, addresses: [address] };
  await engine.keys({ kind: 'export', fingerprint, to: byPassphrase }, join(out, 'a.key'));
  await engine.keys({ kind: 'export', fingerprint, to: toAddresses }, join(out, 'b.key'));
  await engine.keys({ kind: 'export', fingerprint, to: { kind: 'shares', of: 3 } }, out);
  await engine.keys({ kind: 'recovery', fingerprint, passphrase: ofFiles }, join(out, 'sheet.html'));
  await engine.keys({ kind: 'inspect', passphrase: null }, join(out, 'a.key')).catch(() => {});
  await engine.keys({ kind: 'import', passphrase: null, fingerprint }, join(out, 'b.key'));
  await engine.keys({ kind: 'unlock', passphrase: ofFiles }, null).catch(() => {});
  const pids = { engine: engine.pid, reader: reader.pid, evaluator: evaluator.pid };
  process.stdout.write(`${JSON.stringify(pids)}\n`);
  await ended;
});
