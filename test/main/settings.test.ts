import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsChangeSchema } from '../../contract/settings.ts';
import type { AccessToken } from '../../main/electron/secrets/access-token.ts';
import { SettingsDesk } from '../../main/electron/settings-desk.ts';
import { proxyFromScript } from '../../main/settings/proxy-choice.ts';
import { settingsText } from '../../main/settings/setting-files.ts';
import { changedFile, resolveSettings, type SettingSources } from '../../main/settings/settings.ts';

const settings = (given: Partial<SettingSources> = {}) =>
  resolveSettings({ policy: null, argv: [], environment: {}, own: null, ...given });

/** Nothing listens, nothing is watched, and no archive is asked. */
const networkDefaults = Object.fromEntries(
  Object.entries({
    ...{ dicomTitle: 'CIPHERFILM', dicomPort: null, dicomAddress: null, dicomCallers: [] },
    ...{ dicomCertificate: null, dicomKey: null, dicomAuthorities: null },
    ...{ dicomAssociations: 32, dicomPerMinute: 600, dicomMegabytes: 20_000, watchFolder: null },
    ...{ archive: null, archiveTls: false, archiveUrl: null, archiveTokenFile: null, archiveLoginFile: null },
  }).map(([name, value]) => [name, { value, source: 'default' }]),
);

describe('settings', () => {
  it('are the embedded evaluator, the system’s proxy and the system’s certificates where nobody said anything', () => {
    expect(settings({ argv: ['electron', '.'], own: '{}' })).toEqual({
      evaluator: { value: 'embedded', source: 'default' },
      tokenFile: { value: null, source: 'default' },
      proxy: { value: 'system', source: 'default' },
      systemCertificates: { value: true, source: 'default' },
      certificates: { value: null, source: 'default' },
      withoutKeychain: { value: false, source: 'default' },
      contentProtection: { value: false, source: 'default' },
      lockAfterMinutes: { value: 30, source: 'default' },
      ...networkDefaults,
      sendResults: { value: 'by hand', source: 'default' },
      managed: false,
      fault: null,
    });
  });

  it('come from the policy first, then flag, environment and the person’s own file', () => {
    const own = '{"evaluator":"https://file","proxy":"none"}';
    const argv = ['--evaluator', 'https://flag'];
    const environment = { CIPHERFILM_EVALUATOR: 'https://env' };
    const policy = '{"evaluator":"https://policy","systemCertificates":false}';
    const of = (given: Partial<SettingSources>) => settings(given).evaluator;
    expect(of({ policy, argv, environment, own })).toEqual({ value: 'https://policy', source: 'policy' });
    expect(of({ argv, environment, own })).toEqual({ value: 'https://flag', source: 'command line' });
    expect(of({ environment, own })).toEqual({ value: 'https://env', source: 'environment' });
    expect(of({ argv: ['--evaluator=https://inline'], own }).value).toBe('https://inline');
    expect(of({ own })).toEqual({ value: 'https://file', source: 'own' });
    const mixed = settings({ policy, own });
    expect(mixed.systemCertificates).toEqual({ value: false, source: 'policy' });
    expect(mixed.proxy).toEqual({ value: 'none', source: 'own' });
    expect(mixed.managed).toBe(true);
  });

  it('never mean the embedded evaluator, or another, where a file cannot be read', () => {
    for (const text of ['{', '{"evaluator":7}', '{"evaluator":null}', '[]', '']) {
      expect(settings({ own: text }).evaluator.value).toBe('config.json');
      const managed = settings({ policy: text, own: '{"evaluator":"https://file"}' });
      expect(managed.evaluator).toEqual({ value: 'policy.json', source: 'policy' });
    }
  });
});

describe('the settings of the window', () => {
  it('send nothing anywhere while the policy cannot be understood, and say which key is wrong', async () => {
    const desk = new SettingsDesk({
      userData: join(tmpdir(), 'cipherfilm-no-such-folder'),
      policy: '{"evaluator":"https://policy","proxi":"none"}',
      argv: ['--evaluator', 'https://flag'],
      environment: {},
      token: { value: null } as unknown as AccessToken,
      embeddedUrl: async () => 'http://127.0.0.1:1',
      systemProxy: async () => 'DIRECT',
      keychain: null,
    });
    expect(desk.isEmbedded).toBe(false);
    await expect(desk.connection()).rejects.toMatchObject({
      code: 'setting-invalid',
      detail: { file: 'policy.json', setting: 'proxi', reason: 'unknown key' },
    });
  });
});

describe('a rule that sends results', () => {
  it('is the policy’s alone: the person’s own file cannot set one, and the window does not offer it', () => {
    const policy = '{"sendResults":"above"}';
    expect(settings({ policy }).sendResults).toEqual({ value: 'above', source: 'policy' });
    expect(settings({ own: policy }).sendResults).toEqual({ value: 'by hand', source: 'default' });
    expect(settings({ policy: '{"sendResults":"sometimes"}' }).fault?.coded.detail).toMatchObject({
      setting: 'sendResults',
    });
    expect(settingsChangeSchema.parse({ sendResults: 'all' })).toEqual({});
  });
});

describe('a policy that cannot be read', () => {
  it('is told from one that is not there, also in a folder that is closed or no folder', () => {
    expect(settingsText(join(tmpdir(), 'cipherfilm-no-such-folder', 'policy.json'))).toBeNull();
    expect(settingsText(join(import.meta.filename, 'policy.json'))).toBeNull();
    // A folder in its place cannot be read, whoever asks.
    expect(settingsText(tmpdir())).toBe('');
  });
});

describe('a change of settings', () => {
  it('is written beside what was there, and taken back with null', () => {
    const own = '{"evaluator":"https://file","withoutKeychain":true,"unknown":1}';
    const of = (change: object) => JSON.parse(changedFile(settings({ own }), own, change));
    expect(of({ proxy: 'none' })).toEqual({
      evaluator: 'https://file',
      withoutKeychain: true,
      proxy: 'none',
    });
    expect(of({ evaluator: null, proxy: undefined })).toEqual({ withoutKeychain: true });
  });

  it('mends a file that could not be read', () => {
    expect(JSON.parse(changedFile(settings({ own: '{' }), '{', { evaluator: 'https://new' }))).toEqual({
      evaluator: 'https://new',
    });
    expect(JSON.parse(changedFile(settings({ own: '{' }), '{', { proxy: 'none' }))).toEqual({
      proxy: 'none',
    });
  });

  it('is refused where policy, command line or environment decide', () => {
    const policy = '{"proxy":"none"}';
    expect(() => changedFile(settings({ policy }), null, { proxy: 'system' })).toThrowError(
      expect.objectContaining({ code: 'setting-locked', detail: { setting: 'proxy', by: 'policy' } }),
    );
    const shielded = settings({ policy: '{"contentProtection":true}', own: '{"contentProtection":false}' });
    expect(shielded.contentProtection).toEqual({ value: true, source: 'policy' });
    expect(() => changedFile(shielded, null, { contentProtection: false })).toThrowError(
      expect.objectContaining({
        code: 'setting-locked',
        detail: { setting: 'contentProtection', by: 'policy' },
      }),
    );
    const flagged = settings({ argv: ['--evaluator=https://flag'] });
    expect(() => changedFile(flagged, null, { evaluator: 'https://own' })).toThrowError(
      expect.objectContaining({ code: 'setting-locked' }),
    );
    expect(JSON.parse(changedFile(settings({ policy }), null, { evaluator: 'https://own' }))).toEqual({
      evaluator: 'https://own',
    });
  });
});

describe('what a proxy configuration script answers', () => {
  it.each([
    ['DIRECT', { kind: 'direct' }],
    ['', { kind: 'direct' }],
    ['PROXY proxy.test:8080; DIRECT', { kind: 'at', url: 'http://proxy.test:8080' }],
    ['HTTPS proxy.test:443', { kind: 'at', url: 'https://proxy.test:443' }],
    ['SOCKS5 proxy.test:1080; DIRECT', { kind: 'at', url: 'socks5://proxy.test:1080' }],
  ])('%s', (answer, choice) => {
    expect(proxyFromScript(answer)).toEqual(choice);
  });
});
