import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isInstalled } from './programs.ts';

const plugins = '/usr/share/orthanc/plugins';
const hasOrthanc = isInstalled('Orthanc', '--version') && existsSync(join(plugins, 'libOrthancDicomWeb.so'));
/** Why tests with an Orthanc are skipped; null where they run. */
export const whyNoOrthanc = hasOrthanc
  ? null
  : 'Orthanc is not installed (Debian: orthanc, orthanc-dicomweb)';

/** A port that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An Orthanc of our own, empty, that lets one person in by HTTP. */
export type Orthanc = AsyncDisposable & {
  readonly dicomPort: number;
  readonly httpPort: number;
  readonly webUrl: string;
  /** The number of objects that it has. */
  readonly count: () => Promise<number>;
  /** Has it send a study to a service on this machine, and says whether it did. */
  readonly push: (study: string, to: { readonly title: string; readonly port: number }) => Promise<boolean>;
};

export const login = { kind: 'password', user: 'reader', password: 'secret: of a test' } as const;

/** Starts one with a folder of its own on free ports. */
export async function startOrthanc(): Promise<Orthanc> {
  const folder = await mkdtemp(join(tmpdir(), 'cipherfilm-orthanc-'));
  const [httpPort, dicomPort] = [await freePort(), await freePort()];
  await mkdir(join(folder, 'store'));
  const configuration = {
    ...{ Name: 'Test', HttpPort: httpPort, DicomPort: dicomPort, DicomAet: 'ORTHANC' },
    ...{ StorageDirectory: join(folder, 'store'), IndexDirectory: join(folder, 'store') },
    ...{ Plugins: [join(plugins, 'libOrthancDicomWeb.so')], RemoteAccessAllowed: false },
    ...{ AuthenticationEnabled: true, RegisteredUsers: { [login.user]: login.password } },
    DicomWeb: { Enable: true, Root: '/dicom-web/' },
  };
  const file = join(folder, 'orthanc.json');
  await writeFile(file, JSON.stringify(configuration));
  const child = spawn('Orthanc', [file], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${httpPort}`;
  const headers = {
    authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`,
  };
  const ask = async () =>
    (await fetch(`${url}/statistics`, { headers })).json() as Promise<{ CountInstances: number }>;
  const post = async (method: string, path: string, body: unknown) =>
    fetch(`${url}${path}`, { method, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
  for (let time = 0; ; time += 1) {
    const isUp = await ask().then(
      () => true,
      () => false,
    );
    if (isUp) break;
    if (time > 300 || child.exitCode !== null) throw new TypeError('Orthanc did not start');
    await wait(100);
  }
  return {
    ...{ dicomPort, httpPort, webUrl: `${url}/dicom-web` },
    count: async () => (await ask()).CountInstances,
    push: async (study, { title, port }) => {
      await post('PUT', '/modalities/here', { AET: title, Host: '127.0.0.1', Port: port });
      const found = (await (await post('POST', '/tools/lookup', study)).json()) as {
        ID: string;
        Type: string;
      }[];
      const { ID } = found.find(({ Type }) => Type === 'Study')!;
      return (await post('POST', '/modalities/here/store', ID)).ok;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(null)));
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
