import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleRoot } from '../../main/host/headless.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import { whyNoModel } from '../main/cli/cipherfilm.ts';
import { titled } from '../titled.ts';
import { TraceFinder } from './find-traces.ts';
import { FolderSearch, familyOf, noMemory, openTo, tracesInMemory } from './places.ts';
import { type Secrets, secretsOf } from './secrets.ts';

const passphrase = 'violet anvil drizzle cathode';
const ofFiles = 'pelican turnstile mosaic ember';

/**
 * A workstation runs with a data folder, a home and a folder for temporary files of its own. Everything that it leaves
 * behind, says, sends or holds in memory is searched for its key. Only the engine may hold it.
 */
describe.skipIf(whyNoModel !== null)(titled('the secrets of a workstation', whyNoModel), () => {
  const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-traces-'));
  const said: Buffer[] = [];
  let workstation: ChildProcess;
  let pids: Record<'engine' | 'reader' | 'evaluator', number>;
  let secrets: Secrets;
  let finder: TraceFinder;

  beforeAll(async () => {
    const place = join(folder, 'workstation');
    for (const name of ['home', 'tmp', 'keys']) mkdirSync(join(place, name), { recursive: true });
    const script = join(import.meta.dirname, 'workstation-process.ts');
    workstation = spawn(process.execPath, [script, place, join(folder, 'messages.bin')], {
      cwd: join(place, 'home'),
      env: {
        ...{ PATH: process.env.PATH, HOME: join(place, 'home'), XDG_CACHE_HOME: join(place, 'home') },
        TMPDIR: join(place, 'tmp'),
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [workstation.stdout!, workstation.stderr!])
      stream.on('data', (bytes: Buffer) => said.push(bytes));
    workstation.stdin!.write(`${JSON.stringify({ passphrase, ofFiles })}\n`);
    const line = await Promise.race([once(workstation.stdout!, 'data'), once(workstation, 'exit')]);
    expect(workstation.exitCode, Buffer.concat(said).toString('utf8')).toBeNull();
    pids = JSON.parse(String(line[0]));
    const { description } = await openClientHalf(join(bundleRoot, 'cxr-f8-r1'));
    secrets = await secretsOf(join(place, 'keys'), { kind: 'passphrase', passphrase }, description);
    finder = new TraceFinder(secrets);
  });
  afterAll(async () => {
    workstation.stdin!.end();
    if (workstation.exitCode === null) await once(workstation, 'exit');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('are those of the key that it made, with an identity', () => {
    expect(secrets.ternary).toHaveLength(16_384);
    expect(secrets.residues).toHaveLength(11);
    expect(secrets.identity).toMatch(/^AGE-SECRET-KEY-PQ-1/);
  });

  it.skipIf(noMemory !== null)(
    titled('are in the memory of the engine, where the search finds them, and of no other process', noMemory),
    () => {
      const engine = tracesInMemory(pids.engine, finder);
      // The vault's key and seed, and the key as SEAL holds it: the search is able to find what it looks for.
      expect([...engine.found]).toEqual(expect.arrayContaining(['seed', 'data key', 'residues in 64 bits']));
      const others = familyOf(workstation.pid!).filter((pid) => pid !== pids.engine);
      expect(others).toEqual(expect.arrayContaining([workstation.pid, pids.reader, pids.evaluator]));
      for (const pid of others) {
        const { found, bytes } = tracesInMemory(pid, finder);
        expect([pid, [...found]]).toEqual([pid, []]);
        // No Node runs in less.
        expect(bytes).toBeGreaterThan(20 * 1024 * 1024);
      }
    },
  );

  it.skipIf(noMemory !== null)(
    titled('are found in the memory of a process in which they were planted', noMemory),
    async () => {
      const script = `let text = ''; process.stdin.on('data', (part) => { text += part; if (!text.endsWith('.')) return;
        globalThis.kept = Float64Array.from(text.slice(0, -1).split(' '), Number); text = ''; console.log('kept'); });`;
      const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
      try {
        child.stdin.write(`${secrets.residues[3]!.values.slice(100, 1_000).join(' ')}.`);
        await once(child.stdout, 'data');
        expect([...tracesInMemory(child.pid!, finder).found]).toEqual(['residues in doubles']);
      } finally {
        child.kill('SIGKILL');
      }
    },
  );

  it.skipIf(noMemory !== null)(titled('are in no arguments and variables of any process', noMemory), () => {
    for (const pid of familyOf(workstation.pid!)) {
      const open = openTo(pid);
      expect([...finder.inFile(open)]).toEqual([]);
      for (const phrase of [passphrase, ofFiles]) expect(open.includes(phrase)).toBe(false);
    }
  });

  it.skipIf(process.platform !== 'linux')(
    'stay out of core dumps, for which no memory of the engine is kept',
    () => {
      const filterOf = (pid: number) => readFileSync(`/proc/${pid}/coredump_filter`, 'latin1').trim();
      expect(filterOf(pids.engine)).toBe('00000000');
      // The bits of this process show that it is the engine's own doing.
      expect(filterOf(process.pid)).not.toBe('00000000');
    },
  );

  it('are in nothing that the processes said or sent', () => {
    const messages = readFileSync(join(folder, 'messages.bin'));
    // The start, the film and the answers about keys went over this border, the evaluation keys did not.
    expect(messages.length).toBeGreaterThan(100_000);
    for (const known of ['keys-done', 'bundleRoot', 'fingerprint'])
      expect(messages.includes(Buffer.from(known, 'latin1'))).toBe(true);
    for (const bytes of [messages, Buffer.concat(said)]) expect([...finder.inFile(bytes)]).toEqual([]);
    for (const phrase of [passphrase, ofFiles]) expect(Buffer.concat(said).includes(phrase)).toBe(false);
  });

  it('are in no file, while it runs and when it has ended, and found where they were planted', async () => {
    // The messages are looked through above; a passphrase may be in them, on its way to the engine.
    const place = join(folder, 'workstation');
    const search = new FolderSearch(finder, [passphrase, ofFiles]);
    expect(search.tracesBelow(place)).toEqual([]);
    // The vault, evaluation keys here and at the evaluator, six exports.
    expect(search.files).toBeGreaterThan(9);
    const planted = join(place, 'tmp', 'planted.bin');
    writeFileSync(planted, Buffer.from([7, 7, 7, ...secrets.ternary.subarray(50, 200)]));
    expect(search.tracesBelow(place)).toEqual([[join('tmp', 'planted.bin'), ['coefficients as bytes']]]);
    rmSync(planted);
    workstation.stdin!.end();
    await once(workstation, 'exit');
    expect(workstation.exitCode).toBe(0);
    expect(search.tracesBelow(place)).toEqual([]);
    expect(readdirSync(join(place, 'tmp'))).toEqual([]);
  });
});
