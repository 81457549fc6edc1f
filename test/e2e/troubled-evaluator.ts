import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ErrorCode } from '../../contract/errors.ts';
import { mediaTypes } from '../../contract/protocol.ts';

/** What is wrong with the evaluator. One that is `holding` takes jobs and does not tell how they end. */
export type Trouble =
  | 'none'
  | 'down'
  | 'other bundle'
  | 'refuses keys'
  | 'busy'
  | 'body limit'
  | 'not an evaluator'
  | 'holding'
  | 'slow';

/** A door in front of a real evaluator that wants a token and can be made to misbehave. */
export type TroubledEvaluator = AsyncDisposable & {
  readonly url: string;
  trouble: Trouble;
  /** The evaluator behind the door. */
  realUrl: string;
  /** When something was refused last, in milliseconds since 1970. */
  readonly refusedAt: number;
  /** The number of questions that were let through: ciphertexts that were sent to be evaluated, repeats included. */
  readonly questions: number;
  /** The number of different jobs that were asked after: what the evaluator computed. */
  readonly jobs: number;
};
export const token = 'a-token-for-tests';

type Door = {
  /** The ids of jobs that were asked after. */
  readonly jobs: Set<string>;
  trouble: Trouble;
  realUrl: string;
  questions: number;
  refusedAt: number;
  readonly held: (() => void)[];
};

export async function openTroubledEvaluator(realUrl: string): Promise<TroubledEvaluator> {
  const door: Door = { trouble: 'none', realUrl, questions: 0, refusedAt: 0, held: [], jobs: new Set() };
  const server = createServer((incoming, answer) => handle(door, incoming, answer));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get trouble() {
      return door.trouble;
    },
    set trouble(trouble: Trouble) {
      door.trouble = trouble;
      if (trouble === 'down') server.closeAllConnections();
      if (trouble !== 'holding') for (const pass of door.held.splice(0)) pass();
    },
    get realUrl() {
      return door.realUrl;
    },
    set realUrl(url: string) {
      door.realUrl = url;
    },
    get refusedAt() {
      return door.refusedAt;
    },
    get questions() {
      return door.questions;
    },
    get jobs() {
      return door.jobs.size;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function handle(door: Door, incoming: IncomingMessage, answer: ServerResponse): void {
  const { trouble } = door;
  const { method, url = '' } = incoming;
  const pass = () => forward(door.realUrl, incoming, answer);
  const no = (status: number, code: ErrorCode) => {
    door.refusedAt = Date.now();
    incoming.resume();
    refuse(answer, status, code);
  };
  if (trouble !== 'down' && incoming.headers.authorization !== `Bearer ${token}`)
    no(401, 'evaluator-unauthorised');
  else if (trouble === 'down') {
    door.refusedAt = Date.now();
    incoming.socket.destroy();
  } else if (trouble === 'other bundle' && url.startsWith('/v1/bundles/')) no(410, 'bundle-unknown');
  else if (trouble === 'refuses keys' && method === 'HEAD') answer.writeHead(404).end();
  else if (trouble === 'refuses keys' && url.startsWith('/v1/keys/')) no(507, 'quota-exceeded');
  else if (trouble === 'busy' && method === 'POST') no(429, 'queue-full');
  else if (trouble === 'body limit' && method === 'HEAD') answer.writeHead(404).end();
  else if (trouble === 'body limit' && (method === 'PUT' || method === 'POST')) {
    door.refusedAt = Date.now();
    incoming.resume();
    answer.writeHead(413, { 'content-type': 'text/html' }).end('<h1>413 Request Entity Too Large</h1>');
  } else if (trouble === 'not an evaluator') {
    door.refusedAt = Date.now();
    answer.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
  } else if (trouble === 'slow') setTimeout(pass, 1_500);
  // The first look at a job is answered at once, however far it is: the window then shows that it is under way.
  else if (trouble === 'holding' && url.endsWith('waitMs=0')) {
    const id = jobOf(url)!;
    door.jobs.add(id);
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ id, state: { kind: 'queued', ahead: 0 } }));
  } else if (trouble === 'holding' && url.includes('waitMs=')) door.held.push(pass);
  else {
    if (method === 'POST') door.questions += 1;
    pass();
  }
}

const jobOf = (url: string): string | undefined => /^\/v1\/jobs\/([^/?]+)/.exec(url)?.[1];

function refuse(answer: ServerResponse, status: number, code: ErrorCode): void {
  const problem = { type: `urn:cipherfilm:problem:${code}`, title: code, status, code };
  answer.writeHead(status, { 'content-type': mediaTypes.problem }).end(JSON.stringify(problem));
}

function forward(realUrl: string, incoming: IncomingMessage, answer: ServerResponse): void {
  const { method, url, headers } = incoming;
  const outgoing = request(new URL(url ?? '/', realUrl), { method, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  outgoing.on('error', () => answer.destroy());
  // Whoever asked may be gone by now.
  answer.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}
