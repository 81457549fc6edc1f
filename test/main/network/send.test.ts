import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePdu } from '../../../dicom/network/write-pdu.ts';
import { HandedOn } from '../../../main/network/handed-on.ts';
import { deliver } from '../../../main/network/send/deliver.ts';
import { echo, storeFiles } from '../../../main/network/send/store-scu.ts';
import { request } from '../../dicom/network/pdus.ts';
import { titled } from '../../titled.ts';
import { writeObject } from './objects.ts';
import { freePort } from './orthanc.ts';
import { whyNoToolkit } from './programs.ts';
import { type Receiving, receiving } from './receiving.ts';
import { startStoreArchive } from './store-archive.ts';

const caller = { title: 'MODALITY', waitMs: 5000 };
const to = ({ scp }: Receiving) => ({ title: 'CIPHERFILM', host: '127.0.0.1', port: scp.port, tls: null });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cipherfilm-send-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('sending by C-STORE', () => {
  it('brings every file of an association, and says of each that is not kept why', async () => {
    await using here = await receiving({}, { mostBytes: 300_000, leastFreeBytes: 0 });
    const small = await writeObject(folder, { study: '1.2', sopInstance: '1.2.1' }, 10_000);
    const large = await writeObject(folder, { study: '1.2', sopInstance: '1.2.2' }, 200_000);
    const last = await writeObject(folder, { study: '1.2', sopInstance: '1.2.3' }, 10_000);
    const kept: string[] = [];
    const sent = await storeFiles([small, large, last], to(here), caller, ({ sopInstance }) =>
      kept.push(sopInstance),
    );
    expect(sent).toEqual([
      { path: small, error: null },
      { path: large, error: { code: 'network-status', detail: { protocol: 'DIMSE', status: 0xa700 } } },
      { path: last, error: null },
    ]);
    expect(kept).toEqual(['1.2.1', '1.2.3']);
    expect(here.stored.map(({ sopInstance }) => sopInstance)).toEqual(kept);
  });

  it('is refused by those who do not know our title, and by nobody at all', async () => {
    await using here = await receiving();
    await echo(to(here), caller);
    await expect(echo(to(here), { ...caller, title: 'STRANGER' })).rejects.toMatchObject({
      code: 'network-refused',
      detail: { reason: 'association', got: [1, 1, 3] },
    });
    const nobody = { ...to(here), port: await freePort() };
    await expect(echo(nobody, caller)).rejects.toMatchObject({
      code: 'network-unreachable',
      detail: { reason: 'ECONNREFUSED' },
    });
  });

  it('sends nothing again that has been kept, and what was not under its own name', async () => {
    const record = () => HandedOn.open(join(folder, 'record'));
    const paths = [await writeObject(folder, { study: '1.3', sopInstance: '1.3.1' })];
    const port = await freePort();
    const destination = {
      kind: 'dimse',
      remote: { title: 'CIPHERFILM', host: '127.0.0.1', port, tls: null },
    } as const;
    expect((await deliver(paths, destination, caller, record()))[0]!.error?.code).toBe('network-unreachable');
    await using here = await receiving({ port });
    for (let time = 0; time < 3; time += 1)
      expect(await deliver(paths, destination, caller, record())).toEqual([{ path: paths[0], error: null }]);
    expect(here.stored.map(({ sopInstance }) => sopInstance)).toEqual(['1.3.1']);
  });

  it('trusts a certificate by its authority only', async () => {
    const pem = async (name: string) =>
      readFile(join(import.meta.dirname, '..', '..', 'fixtures', 'tls', name), 'utf8');
    const [certificate, key] = [await pem('self-signed.crt'), await pem('self-signed.key')];
    await using here = await receiving({ tls: { certificate, key, authorities: certificate } });
    const own = { certificate, key };
    const secure = (tls: object) => ({ ...to(here), host: 'localhost', ...tls });
    await echo(secure({ tls: { trust: { system: false, extra: certificate }, own } }), caller);
    await expect(
      echo(secure({ tls: { trust: { system: true, extra: null }, own } }), caller),
    ).rejects.toMatchObject({
      code: 'network-certificate',
    });
    // Who has no certificate is not let in where one is asked for.
    await expect(
      echo(secure({ tls: { trust: { system: false, extra: certificate }, own: null } }), caller),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^network-(unreachable|certificate)$/),
    });
  });
});

describe('an archive that means harm', () => {
  /** Answers each connection with some bytes, and then says nothing more. */
  const answering = async (bytes: Uint8Array): Promise<Server> => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(bytes));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return server;
  };
  const accept = writePdu({
    ...{ kind: 'associate-accept', called: 'CIPHERFILM', calling: 'MODALITY', maxLength: 1 },
    contexts: [{ id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2' }],
  });

  it.each([
    ['says nothing', new Uint8Array(), 'network-timeout'],
    ['accepts and says nothing', accept, 'network-timeout'],
    ['asks in place of an answer', writePdu(request()), 'network-malformed'],
    ['declares four gigabytes', Uint8Array.from([2, 0, 255, 255, 255, 255]), 'network-too-large'],
    ['breaks off', writePdu({ kind: 'abort', source: 0, reason: 0 }), 'network-unreachable'],
    ['speaks HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'network-malformed'],
  ])('is refused with a code, in time: one that %s', async (_, bytes, code) => {
    const server = await answering(bytes);
    const { port } = server.address() as { port: number };
    const remote = { title: 'CIPHERFILM', host: '127.0.0.1', port, tls: null };
    await expect(echo(remote, { ...caller, waitMs: 1_500 })).rejects.toMatchObject({ code });
    server.close();
  });

  it('can be left at any time', async () => {
    const server = await answering(accept);
    const { port } = server.address() as { port: number };
    const remote = { title: 'CIPHERFILM', host: '127.0.0.1', port, tls: null };
    const signal = AbortSignal.timeout(100);
    await expect(echo(remote, { ...caller, signal })).rejects.toMatchObject({ code: 'cancelled' });
    await expect(echo(remote, { ...caller, signal })).rejects.toMatchObject({ code: 'cancelled' });
    server.close();
  });
});

describe.skipIf(whyNoToolkit !== null)(titled('storescp of DCMTK', whyNoToolkit), () => {
  it('keeps what we send as it is', async () => {
    await using archive = await startStoreArchive(await freePort());
    const { remote } = archive;
    const path = await writeObject(folder, { study: '1.4', sopInstance: '1.4.1' }, 100_000);
    expect(await storeFiles([path], remote, caller)).toEqual([{ path, error: null }]);
    const [kept] = await archive.kept();
    const pixels = 200_000;
    const [sent, there] = await Promise.all([readFile(path), readFile(kept!)]);
    expect(there.subarray(-pixels).equals(sent.subarray(-pixels))).toBe(true);
  });
});
