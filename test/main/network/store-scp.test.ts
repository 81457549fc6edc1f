import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { readCommand } from '../../../dicom/network/command.ts';
import { dataPdus, writePdu } from '../../../dicom/network/write-pdu.ts';
import { Peer } from '../../../main/network/peer.ts';
import { mutate, numbers } from '../../dicom/file-mutations.ts';
import { conversation, request, storeCommand } from '../../dicom/network/pdus.ts';
import { datasetOf } from './objects.ts';
import { type Receiving, receiving } from './receiving.ts';

const data = datasetOf({ study: '1.2.3', sopInstance: '1.2.3.4' });
const opened = ({ scp }: Receiving): Socket => connect(scp.port, '127.0.0.1');

/** Calls, is accepted, and gives the connection. */
async function associated(port: number): Promise<Peer> {
  const peer = new Peer(connect(port, '127.0.0.1'));
  await peer.send(request(), 60_000);
  expect((await peer.next(60_000, 'answer'))?.kind).toBe('associate-accept');
  return peer;
}

async function send(peer: Peer, sopInstance: string, dataset: Uint8Array): Promise<void> {
  const command = dataPdus(storeCommand(sopInstance), { context: 3, isCommand: true }, 16_000);
  for (const bytes of command) await peer.send(bytes, 60_000);
  for (const bytes of dataPdus(dataset, { context: 3, isCommand: false }, 16_000))
    await peer.send(bytes, 60_000);
}

async function statusFrom(peer: Peer): Promise<number | null> {
  // Twenty objects reach the disk at once, on a machine that others use too.
  const pdu = await peer.next(60_000, 'answer');
  if (pdu?.kind !== 'data') throw new TypeError(`${pdu?.kind} in place of an answer`);
  return readCommand(pdu.values[0]!.bytes).status;
}

/** Waits until something holds, 5 s at most. */
async function until(holds: () => boolean): Promise<void> {
  for (let time = 0; time < 500 && !holds(); time += 1) await wait(10);
  expect(holds()).toBe(true);
}

const patience = { artimMs: 1_000, idleMs: 1_000 };

describe('the service that receives', () => {
  it('keeps an object whose names are those of its command, and refuses another with A900', async () => {
    await using here = await receiving();
    const peer = await associated(here.scp.port);
    await send(peer, '1.2.3.4', data);
    expect(await statusFrom(peer)).toBe(0);
    await send(peer, '1.2.3.5', data);
    expect(await statusFrom(peer)).toBe(0xa900);
    await send(peer, '1.2.3.4', new Uint8Array(100).fill(0xff));
    expect(await statusFrom(peer)).toBe(0xc000);
    peer.destroy();
    expect(here.stored).toHaveLength(1);
    expect(await readdir(here.folder)).toHaveLength(1);
  });

  it('ends a connection on which nobody says who they are, and an association on which nothing comes', async () => {
    await using here = await receiving({ patience });
    const silent = new Peer(opened(here));
    expect(await silent.next(5000, 'end')).toBeNull();
    const idle = await associated(here.scp.port);
    expect(await idle.next(5000, 'end')).toBeNull();
    await until(() => here.trouble.length === 2);
    expect(here.trouble.map(({ detail }) => detail)).toEqual([
      { waiting: 'association' },
      { waiting: 'message' },
    ]);
    expect(here.scp.associations).toBe(0);
  });

  it('is not held up by bytes that come one by one', async () => {
    await using here = await receiving({ patience });
    const socket = opened(here);
    const isOver = new Promise((resolve) => socket.on('close', resolve).on('error', () => {}));
    const bytes = writePdu(request());
    let at = 0;
    const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 50);
    await isOver;
    clearInterval(timer);
    expect(here.trouble).toEqual([{ code: 'network-timeout', detail: { waiting: 'association' } }]);
  });

  it('has room for so many associations, and tells others that it is busy', async () => {
    await using here = await receiving({ mostAssociations: 2 });
    const [first] = [await associated(here.scp.port), await associated(here.scp.port)];
    const third = new Peer(opened(here));
    await third.send(request(), 5000);
    expect(await third.next(5000, 'answer')).toEqual({
      kind: 'associate-reject',
      rejection: { result: 2, source: 3, reason: 2 },
    });
    await first.send({ kind: 'release-request' }, 5000);
    expect((await first.next(5000, 'answer'))?.kind).toBe('release-reply');
    await associated(here.scp.port);
  });

  it('is free again as soon as an association has ended, however many come one after the other', async () => {
    await using here = await receiving({ mostAssociations: 2 });
    // Of 12 connections at once, at most, none may stay open for a while.
    for (let count = 0; count < 60; count += 1) {
      const peer = await associated(here.scp.port);
      await peer.send({ kind: 'release-request' }, 5000);
      expect((await peer.next(5000, 'release'))?.kind).toBe('release-reply');
      peer.finish(null);
      await until(() => here.scp.associations === 0);
    }
    await until(() => here.scp.connections === 0);
    expect(here.trouble).toEqual([]);
  });

  it('answers A700 to more objects in a minute than are taken from one title', async () => {
    await using here = await receiving({ objectsPerMinute: 2 });
    const peer = await associated(here.scp.port);
    const statuses: (number | null)[] = [];
    for (let time = 0; time < 3; time += 1) {
      await send(peer, '1.2.3.4', data);
      statuses.push(await statusFrom(peer));
    }
    expect(statuses).toEqual([0, 0, 0xa700]);
  });

  it('breaks off an association whose object is larger than any that is taken', async () => {
    await using here = await receiving({ mostObjectBytes: 100_000 });
    const peer = await associated(here.scp.port);
    await send(peer, '1.2.3.4', new Uint8Array(200_000)).catch(() => {});
    await until(() => here.trouble.length === 1);
    expect(here.trouble[0]).toEqual({
      code: 'network-too-large',
      detail: { part: 'object', expected: 100_000 },
    });
    await until(() => here.spool.usedBytes === 0);
    expect(await readdir(here.folder)).toEqual([]);
  });

  it('leaves nothing of an object that was cut off, and goes on', async () => {
    await using here = await receiving();
    const peer = await associated(here.scp.port);
    const [first] = dataPdus(data, { context: 3, isCommand: false }, 100);
    for (const bytes of dataPdus(storeCommand('1.2.3.4'), { context: 3, isCommand: true }, 16_000))
      await peer.send(bytes, 60_000);
    await peer.send(first!, 5000);
    peer.destroy();
    await until(() => here.trouble.length === 1);
    await until(() => here.spool.usedBytes === 0);
    expect(await readdir(here.folder)).toEqual([]);
    await associated(here.scp.port);
  });

  it('outlives mutated conversations, and answers the next caller', async () => {
    await using here = await receiving({ patience: { artimMs: 500, idleMs: 500 } });
    const next = numbers(Number(process.env.FAST_CHECK_SEED ?? 20261123));
    const valid = conversation(data, '1.2.3.4');
    for (let round = 0; round < 20; round += 1)
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          const socket = opened(here).on('error', () => {});
          socket.end(mutate(valid, next));
          socket.resume();
          await new Promise((resolve) => socket.once('close', resolve));
        }),
      );
    await until(() => here.scp.associations === 0);
    for (const { code } of here.trouble) expect(code).toMatch(/^(network|dicom)-/);
    const peer = await associated(here.scp.port);
    await send(peer, '1.2.3.4', data);
    expect(await statusFrom(peer)).toBe(0);
    expect((await readdir(here.folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('takes 20 associations at once, again and again, in flat memory, and loses nothing', async () => {
    const child = fork(join(import.meta.dirname, 'scp-child.ts'));
    const told = async <T>(): Promise<T> => (await once(child, 'message'))[0] as T;
    const { port } = await told<{ port: number }>();
    const looked = async () => {
      child.send('look');
      return told<{ mostBytes: number; stored: number }>();
    };
    const before = await looked();
    const peaks: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const sopInstance = `1.2.${round}.${index}`;
          const peer = await associated(port);
          await send(peer, sopInstance, datasetOf({ study: '1.2', sopInstance }, 2_000_000));
          expect(await statusFrom(peer)).toBe(0);
          peer.destroy();
        }),
      );
      peaks.push((await looked()).mostBytes - before.mostBytes);
    }
    expect((await looked()).stored).toBe(80);
    child.disconnect();
    // 80 MB went through in each round. An association may keep a PDU, the head of its object and what the system buffers.
    expect(peaks[0]).toBeLessThan(80e6);
    expect(peaks[3]! - peaks[0]!).toBeLessThan(30e6);
  });

  it('speaks TLS where it has a certificate, and only then', async () => {
    const pem = async (name: string) =>
      readFile(join(import.meta.dirname, '..', '..', 'fixtures', 'tls', name), 'utf8');
    const tls = {
      certificate: await pem('self-signed.crt'),
      key: await pem('self-signed.key'),
      authorities: null,
    };
    await using here = await receiving({ tls, patience });
    const socket = connectTls({ port: here.scp.port, host: '127.0.0.1', rejectUnauthorized: false });
    const peer = new Peer(socket);
    await peer.send(request(), 5000);
    expect((await peer.next(5000, 'answer'))?.kind).toBe('associate-accept');
    expect(socket.getProtocol()).toMatch(/^TLSv1\.[23]$/);
    const plain = new Peer(opened(here));
    await plain.send(request(), 5000);
    expect(await plain.next(5000, 'answer').catch(() => null)).toBeNull();
    await expect(receiving({ tls: { ...tls, key: 'no key' } })).rejects.toMatchObject({
      code: 'network-certificate',
    });
  });

  it('says why it cannot listen', async () => {
    await using here = await receiving();
    await expect(receiving({ port: here.scp.port })).rejects.toMatchObject({
      code: 'network-listen',
      detail: { reason: 'EADDRINUSE', port: here.scp.port },
    });
  });
});
