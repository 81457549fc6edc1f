import { CxrError } from '../../../contract/errors.ts';
import { dicomJsonListSchema } from '../../../contract/network/dicom-json.ts';
import { readNames } from '../../../dicom/network/file-head.ts';
import { MessageReader } from '../../../dicom/network/message-reader.ts';
import { MultipartReader } from '../../../dicom/network/multipart.ts';
import { PduReader } from '../../../dicom/network/pdu-reader.ts';
import { readStudyAnswer } from '../../../dicom/network/study-answer.ts';
import { dicomBytes } from '../dicom-bytes.ts';
import { mutate, numbers } from '../file-mutations.ts';
import { conversation, everyPdu, explicit } from './pdus.ts';

/** What came of mutated bytes: how often each outcome, and the longest time that one took, ms. */
export type NetworkMutations = {
  readonly outcomes: Record<string, number>;
  slowestMs: number;
  largestBytes: number;
};

const sopInstance = '1.2.3.4';
const dataset = dicomBytes(
  Array.from({ length: 200 }, (_, index) => index),
  {
    '00080016': ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.1'],
    '00080018': ['00080018', 'UI', sopInstance],
    '0020000d': ['0020000d', 'UI', '1.2.3'],
  },
).subarray(132);

/** What arrives at a service: PDUs, the messages in them, and the names in their objects. */
function receive(bytes: Uint8Array, piece: number): string {
  const reader = new PduReader();
  const messages = new MessageReader();
  const head: Uint8Array[] = [];
  let outcome = 'unfinished';
  for (let at = 0; at < bytes.length; at += piece)
    for (const pdu of reader.push(bytes.subarray(at, at + piece))) {
      outcome = pdu.kind;
      for (const value of pdu.kind === 'data' ? pdu.values : []) {
        const part = messages.take(value);
        if (part?.kind === 'data') head.push(part.bytes);
        if (part?.kind === 'data' && part.isLast) readNames(Buffer.concat(head.splice(0)), explicit!);
      }
    }
  return outcome;
}

/** What a retrieval of a study answers: two parts, each a file. */
const body = Buffer.concat([
  ...[1, 2].flatMap(() => [
    Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n'),
    dataset,
    Buffer.from('\r\n'),
  ]),
  Buffer.from('--b--'),
]);

function receiveParts(bytes: Uint8Array, piece: number): string {
  const reader = new MultipartReader('b');
  let head: Uint8Array[] = [];
  let parts = 0;
  for (let at = 0; at < bytes.length; at += piece)
    for (const event of reader.push(bytes.subarray(at, at + piece))) {
      if (event.kind === 'data') head.push(event.bytes);
      else if (event.kind === 'part') head = [];
      else {
        readNames(Buffer.concat(head), explicit!);
        parts += 1;
      }
    }
  reader.finish();
  return parts === 2 ? 'both-parts' : 'other-parts';
}

/** What a question for studies answers. */
const answer = Buffer.from(
  JSON.stringify([
    {
      '0020000D': { vr: 'UI', Value: ['1.2.3'] },
      '00080020': { vr: 'DA', Value: ['20260102'] },
      '00100010': { vr: 'PN', Value: [{ Alphabetic: 'NAME' }] },
      '00080061': { vr: 'CS', Value: ['CR', 'DX'] },
      '00201208': { vr: 'IS', Value: [3] },
    },
  ]),
);

function receiveAnswer(bytes: Uint8Array): string {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return 'no-json';
  }
  const parsed = dicomJsonListSchema.safeParse(json);
  if (!parsed.success) return 'another-form';
  return parsed.data.map(readStudyAnswer).some((study) => study !== null) ? 'study' : 'no-study';
}

/**
 * Gives `count` mutated streams to what reads them.
 *
 * @throws TypeError for anything but an outcome or a coded refusal.
 */
export function runNetworkMutations(count: number, seed: number): NetworkMutations {
  const streams = [
    ...[...everyPdu, conversation(dataset, sopInstance)].map((bytes) => ({ bytes, read: receive })),
    { bytes: body, read: receiveParts },
    { bytes: answer, read: receiveAnswer },
  ];
  const next = numbers(seed);
  const counts: NetworkMutations = { outcomes: {}, slowestMs: 0, largestBytes: 0 };
  for (let index = 0; index < count; index += 1) {
    const { bytes: valid, read } = streams[index % streams.length]!;
    // `mutate` spares what would be the preamble of a file.
    const bytes = mutate(Buffer.concat([new Uint8Array(128), valid]), next).subarray(128);
    const piece = 1 + Math.floor(next() * bytes.length);
    const started = performance.now();
    const outcome = outcomeOf(() => read(bytes, piece));
    if (!/^[a-z]+(-[a-z]+)*$/.test(outcome))
      throw new TypeError(`mutation ${index} of seed ${seed}: ${outcome}`);
    counts.outcomes[outcome] = (counts.outcomes[outcome] ?? 0) + 1;
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - started);
    if (index % 1000 === 0) counts.largestBytes = Math.max(counts.largestBytes, process.memoryUsage().rss);
  }
  return counts;
}

function outcomeOf(work: () => string): string {
  try {
    return work();
  } catch (thrown) {
    return thrown instanceof CxrError ? thrown.code : String(thrown instanceof Error ? thrown.stack : thrown);
  }
}
