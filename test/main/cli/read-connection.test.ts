import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Places, readConnection } from '../../../main/cli/read-connection.ts';

let folder: string;
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipherfilm-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Given = {
  policy?: object | string;
  own?: object | string;
  environment?: Places['environment'];
  evaluator?: string;
};
const text = (content: object | string | undefined): string | null =>
  content === undefined ? null : typeof content === 'string' ? content : JSON.stringify(content);
const read = ({ policy, own, environment = {}, evaluator }: Given) =>
  readConnection(evaluator, {
    environment,
    policy: { text: text(policy), path: '/etc/cipherfilm/policy.json' },
    own: text(own),
  });
const urlOf = (given: Given) => read(given).connection?.url ?? null;

describe('the command line’s evaluator', () => {
  it('is one on this machine where nobody said anything, and where somebody said so', () => {
    expect(read({})).toEqual({ connection: null, byDefault: true, warnings: [] });
    expect(read({ policy: { evaluator: 'embedded' } })).toMatchObject({ connection: null, byDefault: false });
    const own = { evaluator: 'https://own' };
    expect(read({ own, evaluator: 'embedded' })).toMatchObject({ connection: null, byDefault: false });
  });

  it('comes from the policy, the argument, the variable and the person’s own file, in this order', () => {
    const policy = { evaluator: 'https://policy' };
    const environment = { CIPHERFILM_EVALUATOR: 'https://variable' };
    const own = { evaluator: 'https://own' };
    expect(urlOf({ own })).toBe('https://own');
    expect(urlOf({ environment, own })).toBe('https://variable');
    expect(urlOf({ evaluator: 'https://argument', environment, own })).toBe('https://argument');
    expect(urlOf({ policy, environment, own })).toBe('https://policy');
  });

  it('is reached as the settings say: token, proxy, certificates', () => {
    const tokenFile = file('token', 'secret\n');
    const certificates = file('authority.pem', 'PEM');
    const policy = { evaluator: 'https://policy', tokenFile, systemCertificates: false };
    const own = { proxy: 'http://proxy.test:8080', certificates, systemCertificates: true };
    expect(read({ policy, own }).connection).toEqual({
      url: 'https://policy',
      embedded: false,
      token: 'secret',
      proxy: { kind: 'at', url: 'http://proxy.test:8080' },
      certificates: { system: false, extra: 'PEM' },
    });
    const evaluator = 'https://e';
    expect(read({ evaluator }).connection?.proxy).toEqual({ kind: 'environment' });
    expect(read({ evaluator, own: { proxy: 'none' } }).connection?.proxy).toEqual({ kind: 'direct' });
    const environment = { CIPHERFILM_TOKEN: 'variable' };
    expect(read({ evaluator, own: { tokenFile }, environment }).connection?.token).toBe('variable');
  });
});

describe('a setting that the policy decides', () => {
  const policy = { evaluator: 'https://policy' };
  const locked = { code: 'setting-locked', detail: { setting: 'evaluator', by: 'policy' } };

  it('cannot be overruled by an argument; one that says the same is no contradiction', () => {
    for (const evaluator of ['https://argument', 'embedded'])
      expect(() => read({ policy, evaluator })).toThrowError(expect.objectContaining(locked));
    expect(() => read({ policy: { evaluator: 'embedded' }, evaluator: 'https://argument' })).toThrowError(
      expect.objectContaining(locked),
    );
    expect(urlOf({ policy, evaluator: 'https://policy' })).toBe('https://policy');
  });

  it('counts before a variable, which is named in a warning with the file that decides', () => {
    const tokenFile = file('locked', 'policy’s');
    const chosen = read({
      policy: { ...policy, tokenFile },
      environment: { CIPHERFILM_EVALUATOR: 'https://variable', CIPHERFILM_TOKEN: 'variable’s' },
    });
    expect(chosen.connection).toMatchObject({ url: 'https://policy', token: 'policy’s' });
    expect(chosen.warnings).toEqual([
      'CIPHERFILM_EVALUATOR does not count: the policy /etc/cipherfilm/policy.json decides "evaluator"',
      'CIPHERFILM_TOKEN does not count: the policy /etc/cipherfilm/policy.json decides "tokenFile"',
    ]);
    expect(read({ policy, environment: { CIPHERFILM_EVALUATOR: 'https://policy' } }).warnings).toEqual([]);
  });
});

describe('a file of settings that cannot be understood', () => {
  const evaluator = 'https://argument';

  it.each([
    ['', undefined, 'empty or unreadable'],
    ['{', undefined, 'not JSON'],
    ['[]', undefined, 'not an object'],
    ['{"evaluator":7}', 'evaluator', 'wrong value'],
    ['{"systemCertificates":"no"}', 'systemCertificates', 'wrong value'],
    ['{"evalautor":"https://misspelt"}', 'evalautor', 'unknown key'],
  ])('stops everything when it is the policy %j', (policy, setting, reason) => {
    const detail = { file: 'policy.json', ...(setting === undefined ? {} : { setting }), reason };
    expect(() => read({ policy, evaluator })).toThrowError(
      expect.objectContaining({ code: 'setting-invalid', detail }),
    );
  });

  it('stops it when it is the person’s and nobody stronger names an evaluator', () => {
    const own = '{"evaluator":"https://own","proxy":7}';
    expect(() => read({ own })).toThrowError(
      expect.objectContaining({
        code: 'setting-invalid',
        detail: { file: 'config.json', setting: 'proxy', reason: 'wrong value' },
      }),
    );
    expect(urlOf({ own, evaluator })).toBe(evaluator);
  });

  it('stops it when a file that it names is not there', () => {
    const policy = { evaluator: 'https://policy', tokenFile: join(folder, 'none') };
    expect(() => read({ policy })).toThrowError(
      expect.objectContaining({
        code: 'setting-invalid',
        detail: { setting: 'tokenFile', reason: 'file cannot be read' },
      }),
    );
  });
});
