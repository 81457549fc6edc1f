import { join, resolve } from 'node:path';
import type { CertificateChoice } from '../../contract/connection.ts';
import { CxrError } from '../../contract/errors.ts';
import type { NetworkWork, ReceiveOptions } from '../../contract/ipc/network.ts';
import type { Login, OwnCertificate, RemoteEntity, WebArchive } from '../../contract/network/archive.ts';
import { entityPattern } from '../../contract/network/entity.ts';
import { certificatesOf, readNamed } from './setting-files.ts';
import type { Settings } from './settings.ts';

const wrong = (setting: string, reason: string): CxrError =>
  new CxrError('setting-invalid', { setting, reason });

/**
 * Says what the network process is to do by the settings.
 *
 * @param data  the application's data folder, in which what arrives is kept until it is done.
 * @throws      CxrError 'setting-invalid' for a file that cannot be read, half a certificate, or nobody who may send.
 */
export function networkWork(settings: Settings, data: string): NetworkWork {
  const watched = settings.watchFolder.value;
  return {
    receive:
      settings.dicomPort.value === null ? null : receiveOptions(settings, settings.dicomPort.value, data),
    watch: watched === null ? null : { folder: resolve(watched), record: join(data, 'network', 'handed-on') },
  };
}

function receiveOptions(settings: Settings, port: number, data: string): ReceiveOptions {
  if (settings.dicomCallers.value.length === 0) throw wrong('dicomCallers', 'nobody may send');
  const own = ownCertificate(settings);
  const authorities = settings.dicomAuthorities.value;
  if (own === null && authorities !== null)
    throw wrong('dicomAuthorities', 'without a certificate of our own');
  return {
    title: settings.dicomTitle.value,
    callers: settings.dicomCallers.value,
    port,
    address: settings.dicomAddress.value,
    tls:
      own === null
        ? null
        : { ...own, authorities: authorities === null ? null : readNamed(authorities, 'dicomAuthorities') },
    spool: join(data, 'network', 'spool'),
    mostBytes: settings.dicomMegabytes.value * 1e6,
    mostAssociations: settings.dicomAssociations.value,
    objectsPerMinute: settings.dicomPerMinute.value,
  };
}

function ownCertificate({ dicomCertificate, dicomKey }: Settings): OwnCertificate | null {
  const [certificate, key] = [dicomCertificate.value, dicomKey.value];
  if (certificate === null && key === null) return null;
  if (certificate === null || key === null)
    throw wrong(certificate === null ? 'dicomCertificate' : 'dicomKey', 'missing beside the other');
  return { certificate: readNamed(certificate, 'dicomCertificate'), key: readNamed(key, 'dicomKey') };
}

const trustOf = (settings: Settings): CertificateChoice => ({
  system: settings.systemCertificates.value,
  extra: certificatesOf(settings),
});

/** Finds the archive to which objects are sent by C-STORE; null where none is set. @throws CxrError 'setting-invalid'. */
export function archiveEntity(settings: Settings): RemoteEntity | null {
  const [, title, host, port] = entityPattern.exec(settings.archive.value ?? '') ?? [];
  if (title === undefined || host === undefined) return null;
  if (Number(port) < 1 || Number(port) > 65_535) throw wrong('archive', 'no such port');
  const isTls = settings.archiveTls.value;
  return {
    ...{ title, host: host.replace(/^\[|\]$/g, ''), port: Number(port) },
    tls: isTls ? { trust: trustOf(settings), own: ownCertificate(settings) } : null,
  };
}

/** Finds the DICOMweb service of the archive; null where none is set. @throws CxrError 'setting-invalid'. */
export function archiveOnWeb(settings: Settings): WebArchive | null {
  const url = settings.archiveUrl.value;
  return url === null ? null : { url, login: loginOf(settings), trust: trustOf(settings) };
}

function loginOf({ archiveTokenFile, archiveLoginFile }: Settings): Login | null {
  if (archiveTokenFile.value !== null)
    return { kind: 'token', token: readNamed(archiveTokenFile.value, 'archiveTokenFile').trim() };
  if (archiveLoginFile.value === null) return null;
  const text = readNamed(archiveLoginFile.value, 'archiveLoginFile').trim();
  const [, user, password] = /^([^:\n]+):([^\n]*)$/.exec(text) ?? [];
  if (user === undefined || password === undefined) throw wrong('archiveLoginFile', 'no name and password');
  return { kind: 'password', user, password };
}
