import { CxrError } from '../../../contract/errors.ts';
import { readNames } from '../../../dicom/network/file-head.ts';
import { MessageReader } from '../../../dicom/network/message-reader.ts';
import { PduReader } from '../../../dicom/network/pdu-reader.ts';
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

/**
 * Gives `count` mutated streams to what reads them.
 *
 * @throws TypeError for anything but an outcome or a coded refusal.
 */
export function runNetworkMutations(count: number, seed: number): NetworkMutations {
  const streams = [...everyPdu, conversation(dataset, sopInstance)];
  const next = numbers(seed);
  const counts: NetworkMutations = { outcomes: {}, slowestMs: 0, largestBytes: 0 };
  for (let index = 0; index < count; index += 1) {
    const bytes = mutate(streams[index % streams.length]!, next);
    const piece = 1 + Math.floor(next() * bytes.length);
    const started = performance.now();
    const outcome = outcomeOf(() => receive(bytes, piece));
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
