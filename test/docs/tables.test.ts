import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../contract/protocol.ts';
import { readableSyntaxes } from '../../dicom/dataset/syntaxes.ts';
import { statusOf } from '../../evaluator/http/problem.ts';
import { type FakeEvaluator, startFakeEvaluator } from '../evaluator/fake-evaluator.ts';

/** Tables that people write by hand, compared with the code that they speak of. */
const documents = join(import.meta.dirname, '..', '..', 'docs');
const rowsOf = (file: string): string[][] =>
  readFileSync(join(documents, file), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
const codesIn = (cell: string): string[] => [...cell.matchAll(/`([a-z0-9-]+)`/g)].map(([, code]) => code!);

describe('docs/wire-format.md', () => {
  let evaluator: FakeEvaluator;
  beforeAll(async () => {
    evaluator = await startFakeEvaluator({ metrics: true });
  });
  afterAll(() => evaluator.destroy());
  const requests = rowsOf('wire-format.md').flatMap(([request]) => {
    const [, method, path] = /^`(GET|HEAD|PUT|POST|DELETE) (\/\S+)`$/.exec(request!) ?? [];
    return method === undefined ? [] : [{ method, path: path!.replace(/\?.*/, '') }];
  });

  it('names every path of the contract', () => {
    const made = Object.values(paths).map((path) => (typeof path === 'string' ? path : path(':id')));
    const written = new Set(requests.map(({ path }) => path.replace(':sha256', ':id')));
    expect([...written].sort()).toEqual(made.sort());
  });

  it('names requests that an evaluator knows', async () => {
    const unknown = async ({ method, path }: { method: string; path: string }) => {
      const url = evaluator.url + path.replace(':sha256', 'ab'.repeat(32)).replace(':id', 'ab'.repeat(16));
      const answer = await fetch(url, {
        method,
        ...(method === 'PUT' || method === 'POST' ? { body: 'x' } : {}),
      });
      const text = await answer.text();
      return text.includes('"field":"route"');
    };
    expect(await unknown({ method: 'GET', path: '/v1/no-such-route' })).toBe(true);
    for (const request of requests) expect([request, await unknown(request)]).toEqual([request, false]);
  });

  it('gives every code the status with which it is answered', () => {
    const written = rowsOf('wire-format.md')
      .filter(([status]) => /^[45]\d\d$/.test(status!) && status !== '500')
      .flatMap(([status, codes]) => codesIn(codes!).map((code) => [code, Number(status)] as const));
    const { internal: _, ...answered } = statusOf;
    expect(Object.fromEntries(written)).toEqual(answered);
  });
});

describe('docs/conformance.md', () => {
  it('says of every transfer syntax that is read that it is, and of no other', () => {
    const read = rowsOf('conformance.md')
      .filter(([, uid, isRead]) => /^1\.2\.840\.10008\./.test(uid ?? '') && isRead!.startsWith('yes'))
      .flatMap(([, uids]) => {
        const [first, ...others] = uids!.split(', ');
        const stem = first!.slice(0, first!.lastIndexOf('.'));
        return [first!, ...others.map((last) => stem + last)];
      });
    expect(read.sort()).toEqual(readableSyntaxes.map(({ uid }) => uid).sort());
  });
});
