import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDigest } from '../../contract/ids/digest.ts';
import { parseJobId } from '../../contract/ids/job-id.ts';
import { frameDigest } from '../../he/wire/frame.ts';
import { KeptBytes } from '../../main/connector/kept-bytes.ts';
import { Outbox, type Reply } from '../../main/connector/outbox.ts';
import { inputFrame, keyFrame } from '../evaluator/fake-evaluator.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipherfilm-outbox-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const key = keyFrame().id;
const questionFor = (of = key) => {
  const frame = inputFrame(of);
  return { frame, digest: frameDigest(frame) };
};
const reply: Reply = {
  jobId: parseJobId('ab'.repeat(16)),
  cost: {
    levels: 9,
    rotations: 1,
    relinearizations: 1,
    plaintextProducts: 1,
    ciphertextProducts: 1,
    rescales: 1,
  },
  evaluateMs: 12.5,
  // A line end inside the frame belongs to the frame.
  answer: { frame: Buffer.from([0, 10, 255, 10]) },
};
const plain = (bytes: Uint8Array) => [...bytes];

describe('the outbox', () => {
  it('gives a question and its reply back after a restart, byte by byte', () => {
    const question = questionFor();
    const before = new Outbox(folder);
    before.keep(question);
    expect(new Outbox(folder).find(question.digest, key)?.reply).toBeNull();
    before.keepReply(question.digest, reply);
    const found = new Outbox(folder).find(question.digest, key)!;
    expect(plain(found.question.frame)).toEqual(plain(question.frame));
    expect({ ...found.reply, answer: plain(found.reply!.answer.frame) }).toEqual({
      ...reply,
      answer: [0, 10, 255, 10],
    });
  });

  it('finds no question for other keys, and none that was altered', () => {
    const outbox = new Outbox(folder);
    const question = questionFor();
    outbox.keep(question);
    expect(outbox.find(question.digest, keyFrame('other').id)).toBeNull();
    const [name] = readdirSync(join(folder, 'outbox'));
    const path = join(folder, 'outbox', name!);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expect(outbox.find(question.digest, key)).toBeNull();
    expect(existsSync(path)).toBe(false);
  });

  it('asks again where the reply on disk was altered', () => {
    const outbox = new Outbox(folder);
    const question = questionFor();
    outbox.keep(question);
    outbox.keepReply(question.digest, reply);
    const path = join(folder, 'outbox', `${question.digest}.reply`);
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    expect(outbox.find(question.digest, key)).toMatchObject({ reply: null });
  });

  it('forgets what has ended, and what nobody asked for in a week', () => {
    const outbox = new Outbox(folder);
    const [ended, old, fresh] = [questionFor(), questionFor(), questionFor()];
    for (const question of [ended, old, fresh]) outbox.keep(question);
    outbox.keepReply(ended.digest, reply);
    outbox.settle(ended.digest);
    const eightDaysAgo = Date.now() / 1000 - 8 * 24 * 3600;
    utimesSync(join(folder, 'outbox', `${old.digest}.question`), eightDaysAgo, eightDaysAgo);
    const next = new Outbox(folder);
    expect(readdirSync(join(folder, 'outbox'))).toEqual([`${fresh.digest}.question`]);
    expect(next.find(fresh.digest, key)).not.toBeNull();
  });

  it('costs nothing but the way back where there is no folder, or no disk', () => {
    const question = questionFor();
    writeFileSync(join(folder, 'file'), '');
    for (const outbox of [new Outbox(null), new Outbox(join(folder, 'file'))]) {
      outbox.keep(question);
      outbox.keepReply(question.digest, reply);
      expect(outbox.find(question.digest, key)).toBeNull();
      outbox.settle(question.digest);
    }
  });
});

describe('kept bytes', () => {
  it('are missing when a write was cut short', () => {
    const kept = new KeptBytes(folder);
    const name = parseDigest('0'.repeat(64));
    kept.put(name, Buffer.from('whole'));
    expect(Buffer.from(kept.get(name)!).toString()).toBe('whole');
    writeFileSync(join(folder, name), readFileSync(join(folder, name)).subarray(0, 20));
    expect(kept.get(name)).toBeNull();
  });
});
