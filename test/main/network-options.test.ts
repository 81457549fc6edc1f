import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { networkSettings } from '../../contract/network/settings.ts';
import { policySchema } from '../../contract/settings.ts';
import { archiveEntity, archiveOnWeb, networkWork } from '../../main/settings/network-options.ts';
import { changedFile, resolveSettings } from '../../main/settings/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-network-options-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const settings = (own: object, policy: object | null = null) =>
  resolveSettings({
    ...{ argv: [], environment: {}, own: JSON.stringify(own) },
    policy: policy === null ? null : JSON.stringify(policy),
  });
const receiving = { dicomPort: 11112, dicomCallers: ['PACS'] };

describe('the settings of the network', () => {
  it('make nothing listen, watch or call unless they name it', () => {
    const none = settings({ dicomTitle: 'FILM1', dicomCallers: ['PACS'] });
    expect(networkWork(none, folder)).toEqual({ receive: null, watch: null });
    expect([archiveEntity(none), archiveOnWeb(none)]).toEqual([null, null]);
  });

  it('say how studies are received, with TLS where a certificate is named', () => {
    const pem = {
      dicomCertificate: file('c', 'CERT'),
      dicomKey: file('k', 'KEY'),
      dicomAuthorities: file('a', 'CA'),
    };
    const { receive, watch } = networkWork(settings({ ...receiving, ...pem, watchFolder: folder }), '/data');
    expect(receive).toEqual({
      ...{ title: 'CIPHERFILM', callers: ['PACS'], port: 11112, address: null },
      ...{
        tls: { certificate: 'CERT', key: 'KEY', authorities: 'CA' },
        spool: join('/data', 'network', 'spool'),
      },
      ...{ mostBytes: 20e9, mostAssociations: 32, objectsPerMinute: 600 },
    });
    expect(watch).toEqual({ folder, record: join('/data', 'network', 'handed-on') });
  });

  it.each([
    ['nobody who may send', { dicomPort: 11112 }, 'dicomCallers'],
    ['a key without a certificate', { ...receiving, dicomKey: '/k' }, 'dicomCertificate'],
    ['a certificate without a key', { ...receiving, dicomCertificate: '/c' }, 'dicomKey'],
    ['authorities without a certificate', { ...receiving, dicomAuthorities: '/a' }, 'dicomAuthorities'],
  ])('are refused with %s', (_, own, setting) => {
    expect(() => networkWork(settings(own), folder)).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ setting }) }),
    );
  });

  it('name an archive for C-STORE and one for DICOMweb, with a token or a password from a file', () => {
    const trust = { system: true, extra: null };
    const own = { archive: 'PACS@[::1]:104', archiveTls: true, archiveUrl: 'https://pacs.example/dicom-web' };
    const [token, login] = [file('t', 'abc\n'), file('l', 'reader:with:colon\n')];
    expect(archiveEntity(settings(own))).toEqual({
      title: 'PACS',
      host: '::1',
      port: 104,
      tls: { trust, own: null },
    });
    expect(archiveOnWeb(settings(own))).toEqual({ url: own.archiveUrl, login: null, trust });
    expect(archiveOnWeb(settings({ ...own, archiveTokenFile: token }))?.login).toEqual({
      kind: 'token',
      token: 'abc',
    });
    expect(archiveOnWeb(settings({ ...own, archiveLoginFile: login }))?.login).toEqual({
      ...{ kind: 'password', user: 'reader', password: 'with:colon' },
    });
    expect(() => archiveOnWeb(settings({ ...own, archiveLoginFile: token }))).toThrow('archiveLoginFile');
    expect(() => archiveEntity(settings({ archive: 'PACS@host:70000' }))).toThrow('archive');
  });

  it('are each locked by a policy that names them', () => {
    const values: Readonly<Record<string, unknown>> = {
      ...{
        dicomTitle: 'A',
        dicomPort: 1,
        dicomAddress: '127.0.0.1',
        dicomCallers: ['B'],
        dicomAssociations: 1,
      },
      ...{
        dicomPerMinute: 1,
        dicomMegabytes: 100,
        archive: 'A@b:1',
        archiveTls: true,
        archiveUrl: 'https://a',
      },
    };
    for (const name of Object.keys(networkSettings) as (keyof typeof networkSettings)[]) {
      const policy = policySchema.parse({ [name]: values[name] ?? '/file' });
      const locked = settings({}, policy);
      expect(locked[name]).toEqual({ value: policy[name], source: 'policy' });
      expect(() => changedFile(locked, null, { [name]: null })).toThrow('setting-locked');
    }
  });

  it.each([
    { dicomTitle: 'seventeen letters' },
    { dicomTitle: ' A' },
    { dicomPort: 0 },
    { dicomCallers: 'PACS' },
    { archive: 'pacs.example' },
    { archive: 'A@b c:1' },
    { dicomMegabytes: 1 },
  ])('are refused with a wrong value, and nothing is sent then: %o', (own) => {
    expect(settings(own).fault).toMatchObject({
      code: 'setting-invalid',
      detail: { setting: Object.keys(own)[0] },
    });
  });
});
