import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ErrorCode } from '../../contract/errors.ts';
import { mediaTypes } from '../../contract/protocol.ts';

/** What is wrong with the evaluator. */
export type Trouble =
  | 'none'
  | 'down'
  | 'other bundle'
  | 'refuses keys'
  | 'busy'
  | 'not an evaluator'
  | 'slow';

/** A door in front of a real evaluator that wants a token and can be made to misbehave. */
export type TroubledEvaluator = AsyncDisposable & { readonly url: string; trouble: Trouble };
export const token = 'a-token-for-tests';

export async function openTroubledEvaluator(realUrl: string): Promise<TroubledEvaluator> {
  const state: { trouble: Trouble } = { trouble: 'none' };
  const server = createServer((incoming, answer) => handle(state.trouble, realUrl, incoming, answer));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get trouble() {
      return state.trouble;
    },
    set trouble(trouble: Trouble) {
      state.trouble = trouble;
      if (trouble === 'down') server.closeAllConnections();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function handle(trouble: Trouble, realUrl: string, incoming: IncomingMessage, answer: ServerResponse): void {
  const { method, url = '' } = incoming;
  const pass = () => forward(realUrl, incoming, answer);
  const no = (status: number, code: ErrorCode) => {
    incoming.resume();
    refuse(answer, status, code);
  };
  if (trouble !== 'down' && incoming.headers.authorization !== `Bearer ${token}`)
    no(401, 'evaluator-unauthorised');
  else if (trouble === 'down') incoming.socket.destroy();
  else if (trouble === 'other bundle' && url.startsWith('/v1/bundles/')) no(410, 'bundle-unknown');
  else if (trouble === 'refuses keys' && method === 'HEAD') answer.writeHead(404).end();
  else if (trouble === 'refuses keys' && url.startsWith('/v1/keys/')) no(507, 'quota-exceeded');
  else if (trouble === 'busy' && method === 'POST') no(429, 'queue-full');
  else if (trouble === 'not an evaluator')
    answer.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
  else if (trouble === 'slow') setTimeout(pass, 1_500);
  else pass();
}

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
  incoming.pipe(outgoing);
}
