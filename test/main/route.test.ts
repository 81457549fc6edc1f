import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../contract/connection.ts';
import { accessFrom } from '../../evaluator/http/access.ts';
import { connect } from '../../main/connector/connector.ts';
import { plainConnection } from '../../main/connector/evaluator-route.ts';
import { bundle, type FakeEvaluator, startFakeEvaluator } from '../evaluator/fake-evaluator.ts';

const pem = (name: string) => readFileSync(join(import.meta.dirname, '..', 'fixtures', 'tls', name), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-access-'));
const token = randomBytes(24).toString('base64url');
const portOf = (server: Server) => (server.address() as AddressInfo).port;
const listen = (server: Server, host: string) =>
  new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
const probe = async (change: Partial<Connection>) =>
  connect({ ...plainConnection('http://127.0.0.1:1'), ...change }).probe(bundle);

/** An evaluator that wants a token, a TLS server in front of it, and a proxy that knows the way to both. */
let evaluator: FakeEvaluator;
let tls: Server;
let proxy: Server;
let tunnels: string[] = [];
let refusal: number | null = null;

beforeAll(async () => {
  const file = join(folder, 'access');
  writeFileSync(file, `# workstations\n\n${createHash('sha256').update(token).digest('hex')} ward 3\n`);
  evaluator = await startFakeEvaluator({ access: accessFrom(file) });
  tls = createTlsServer({ key: pem('self-signed.key'), cert: pem('self-signed.crt') }, (incoming, answer) => {
    const { method, url, headers } = incoming;
    const outgoing = request(new URL(url!, evaluator.url), { method, headers }, (reply) => {
      answer.writeHead(reply.statusCode!, reply.headers);
      reply.pipe(answer);
    });
    incoming.pipe(outgoing);
  }) as unknown as Server;
  proxy = createServer().on('connect', (asked, socket) => {
    tunnels.push(asked.url ?? '');
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal} Refused\r\n\r\n`);
      return;
    }
    const inner = connectSocket(portOf(tls), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      inner.pipe(socket).pipe(inner);
    });
    socket.on('error', () => inner.destroy());
    inner.on('error', () => socket.destroy());
  });
  // On all addresses of this machine, so that one that is not in the certificate reaches it too.
  await Promise.all([listen(tls, '0.0.0.0'), listen(proxy, '127.0.0.1')]);
});
afterAll(async () => {
  await evaluator.destroy();
  for (const server of [tls, proxy]) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

describe('an access token', () => {
  it('opens the evaluator', async () => {
    expect(await probe({ url: evaluator.url, token })).toMatchObject({
      servesModel: true,
      tls: false,
      proxied: false,
    });
  });

  it.each([null, 'another', `${token}x`])('is refused when it is %s', async (wrong) => {
    await expect(probe({ url: evaluator.url, token: wrong })).rejects.toMatchObject({
      code: 'evaluator-unauthorised',
    });
  });

  it('closes every route, also those that do not exist', async () => {
    for (const [method, path] of [
      ['GET', '/v1/service'],
      ['POST', '/v1/jobs'],
      ['PUT', `/v1/keys/${'0'.repeat(64)}`],
      ['HEAD', `/v1/keys/${'0'.repeat(64)}/upload`],
      ['PATCH', `/v1/keys/${'0'.repeat(64)}/upload`],
      ['DELETE', `/v1/jobs/${'0'.repeat(32)}`],
      ['GET', '/elsewhere'],
    ] as const) {
      const reply = await fetch(evaluator.url + path, { method });
      expect([path, reply.status, reply.headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer']);
    }
  });

  it('that no header can hold is refused here', async () => {
    for (const bad of ['two words', 'line\nbreak', 'ä', ''])
      await expect(probe({ url: evaluator.url, token: bad })).rejects.toMatchObject({
        code: 'evaluator-unauthorised',
      });
  });

  it('file with something else in it is refused', () => {
    const bad = join(folder, 'bad');
    for (const text of ['', '# nothing\n', 'not a digest\n', `${'0'.repeat(63)}\n`]) {
      writeFileSync(bad, text);
      expect(() => accessFrom(bad)).toThrowError(expect.objectContaining({ code: 'request-invalid' }));
    }
    expect(() => accessFrom(join(folder, 'none'))).toThrowError(
      expect.objectContaining({ detail: { flag: '--access', reason: 'ENOENT' } }),
    );
  });
});

describe('a certificate', () => {
  const trusting = { certificates: { system: true, extra: pem('self-signed.crt') } };

  it('that nobody vouches for ends the connection with its own code', async () => {
    const url = `https://127.0.0.1:${portOf(tls)}`;
    await expect(probe({ url, token })).rejects.toMatchObject({
      code: 'evaluator-certificate',
      detail: { reason: expect.stringMatching(/SELF_SIGNED/) },
    });
    await expect(probe({ url, token, certificates: { system: true, extra: null } })).rejects.toMatchObject({
      code: 'evaluator-certificate',
    });
  });

  it('is accepted where its authority is trusted, for its own names only', async () => {
    const port = portOf(tls);
    expect(await probe({ url: `https://127.0.0.1:${port}`, token, ...trusting })).toMatchObject({
      tls: true,
      servesModel: true,
    });
    await expect(probe({ url: `https://127.0.0.2:${port}`, token, ...trusting })).rejects.toMatchObject({
      code: 'evaluator-certificate',
      detail: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
  });

  it('is checked whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    try {
      await expect(probe({ url: `https://127.0.0.1:${portOf(tls)}`, token })).rejects.toMatchObject({
        code: 'evaluator-certificate',
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('file without one is refused before anything is sent', async () => {
    const certificates = { system: false, extra: 'hello' };
    await expect(probe({ url: 'https://127.0.0.1:1', certificates })).rejects.toMatchObject({
      code: 'evaluator-certificate',
    });
  });
});

describe('a proxy', () => {
  const url = 'https://evaluator.test';
  const certificates = { system: false, extra: pem('self-signed.crt') };
  const through = () => ({ kind: 'at', url: `http://127.0.0.1:${portOf(proxy)}` }) as const;

  it('is told the evaluator’s name and nothing else: TLS goes through it', async () => {
    tunnels = [];
    const found = await probe({ url, token, certificates, proxy: through() });
    expect(found).toMatchObject({ proxied: true, tls: true, servesModel: true });
    expect(tunnels).toEqual(['evaluator.test:443']);
  });

  it('that refuses is named, with its status', async () => {
    for (const status of [403, 407]) {
      refusal = status;
      await expect(probe({ url, token, certificates, proxy: through() })).rejects.toMatchObject({
        code: 'evaluator-proxy',
        detail: { status },
      });
    }
    refusal = null;
  });

  it('that is not there is told apart from an evaluator that is not', async () => {
    const gone = createServer();
    await listen(gone, '127.0.0.1');
    const at = { kind: 'at', url: `http://127.0.0.1:${portOf(gone)}` } as const;
    await new Promise((resolve) => gone.close(resolve));
    await expect(probe({ url, token, certificates, proxy: at })).rejects.toMatchObject({
      code: 'evaluator-unreachable',
      detail: { reason: 'connection refused', proxied: true },
    });
  });

  it('is not asked for an evaluator on this machine', async () => {
    tunnels = [];
    expect(await probe({ url: evaluator.url, token, proxy: through() })).toMatchObject({ proxied: false });
    expect(tunnels).toEqual([]);
  });

  it('is not asked for one either where the environment sends all of Node.js through a proxy', async () => {
    const connector = join(import.meta.dirname, '..', '..', 'main', 'connector', 'connector.ts');
    const script = `
      const { connect } = await import(${JSON.stringify(connector)});
      const connection = { url: '${evaluator.url}', embedded: false, token: '${token}',
        proxy: { kind: 'environment' }, certificates: { system: false, extra: null } };
      console.log((await connect(connection).probe(null)).proxied);`;
    const nobody = 'http://127.0.0.1:1';
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: nobody, HTTPS_PROXY: nobody },
    });
    expect(stdout.trim()).toBe('false');
  });

  it('of another kind is refused, not gone around', async () => {
    await expect(
      probe({ url, token, proxy: { kind: 'at', url: 'socks5://127.0.0.1:1' } }),
    ).rejects.toMatchObject({ code: 'evaluator-proxy' });
  });
});
