import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { loopbackNames } from '../../../evaluator/http/host-names.ts';
import { evaluatorsOfEachTest } from '../fake-evaluator.ts';

const start = evaluatorsOfEachTest();

/** The status of a request with these lines of headers. */
function statusWith(url: string, ...lines: string[]): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
    socket.write(['GET /v1/service HTTP/1.1', ...lines, 'connection: close', '', ''].join('\r\n'));
  });
  socket.once('data', (data) => {
    resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1]));
    socket.destroy();
  });
  return promise;
}

describe('an evaluator on this machine alone', () => {
  it.each([
    '127.0.0.1:8420',
    'localhost',
    'LOCALHOST:1',
    '[::1]:8420',
    '127.1.2.3',
    'evaluator.hospital.example',
  ])('answers requests to %s', async (host) => {
    const { url } = await start({ hosts: loopbackNames(['evaluator.hospital.example']) });
    expect(await statusWith(url, `host: ${host}`)).toBe(200);
  });

  it.each([
    [['host: attacker.example']],
    [['host: 127.0.0.1.attacker.example']],
    [['host: localhost.attacker.example:8420']],
    [['host: 127.0.0.1', 'host: attacker.example']],
    [['host: attacker.example', 'Host: 127.0.0.1']],
    [['host: ']],
    [['host: 127.0.0.1/@attacker.example']],
  ])('refuses %j, which a page whose name points here would send', async (lines) => {
    const { url } = await start({ hosts: loopbackNames([]) });
    expect([400, 421]).toContain(await statusWith(url, ...lines));
  });
});
