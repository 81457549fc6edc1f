import { contextBridge, type IpcRendererEvent, ipcRenderer, webUtils } from 'electron';
import type { Bridge, Reply, ReplyOf, RequestName, WindowEvent } from '../../../contract/ipc/window.ts';
import { maxDroppedBytes } from '../../../contract/limits.ts';
import { eventChannel, requestChannel } from './channels.ts';
import { Films } from './films.ts';

/**
 * The preload is the only door of the sandboxed window. It offers the methods of `Bridge`, and neither a generic send
 * nor Node. It is built as one CommonJS file, because a sandboxed preload can require nothing but `electron`. Paths end
 * here: the page hands files over and never sees where they lie.
 */
const ask =
  <N extends RequestName>(name: N, fields: readonly string[]) =>
  (request: object): Promise<Reply<ReplyOf[N]>> => {
    const given = request as Record<string, unknown>;
    return ipcRenderer.invoke(
      requestChannel(name),
      Object.fromEntries(fields.map((field) => [field, given?.[field]])),
    );
  };

/**
 * Finds where a file lies, or reads its bytes when it lies nowhere, as one that is dragged out of a browser or a mail.
 */
async function sourceOf(file: File): Promise<unknown> {
  const path = webUtils.getPathForFile(file);
  if (path !== '') return { kind: 'path', path };
  return { kind: 'bytes', name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
}

const films = new Films();

const bridge: Bridge = {
  open: async (files) => {
    const tooLarge = [...files].find(
      (file) => file.size > maxDroppedBytes && webUtils.getPathForFile(file) === '',
    );
    if (tooLarge) return { ok: false, code: 'dicom-too-large', detail: { bytes: tooLarge.size } };
    const sources = await Promise.all([...files].map(sourceOf));
    return ipcRenderer.invoke(requestChannel('open'), { sources });
  },
  choose: ask('choose', ['what']),
  worklist: ask('worklist', []),
  film: (request) => films.film((request as { imageId?: unknown } | null)?.imageId),
  thumbnail: ask('thumbnail', ['imageId']),
  retry: ask('retry', ['studyId', 'imageId', 'turns']),
  cancel: ask('cancel', ['studyId']),
  remove: ask('remove', ['studyId']),
  restore: ask('restore', ['studyId']),
  export: ask('export', ['studyId', 'forms', 'to', 'anonymous']),
  tryArchives: ask('tryArchives', []),
  findPriors: ask('findPriors', ['studyId']),
  fetchStudy: ask('fetchStudy', ['study']),
  chooseWatchFolder: ask('chooseWatchFolder', []),
  check: ask('check', ['studyId']),
  status: ask('status', []),
  settings: ask('settings', []),
  saveSettings: ask('saveSettings', [
    'evaluator',
    'proxy',
    'systemCertificates',
    'certificates',
    'token',
    'withoutKeychain',
    'contentProtection',
    'lockAfterMinutes',
    'dicomTitle',
    'dicomPort',
    'dicomCallers',
    'watchFolder',
    'archive',
    'archiveTls',
    'archiveUrl',
  ]),
  chooseCertificates: ask('chooseCertificates', []),
  probe: ask('probe', ['evaluator', 'token']),
  keys: ask('keys', ['request']),
  cancelKeys: ask('cancelKeys', []),
  lockKeys: ask('lockKeys', []),
  unlockKeys: ask('unlockKeys', []),
  setKeysAside: ask('setKeysAside', []),
  saveProof: ask('saveProof', ['fingerprint']),
  showKeyFile: ask('showKeyFile', []),
  onEvent: (listener) => {
    // The Electron event is not passed on: its `sender` would hand ipcRenderer to the page.
    const forward = (_: IpcRendererEvent, event: WindowEvent) => listener(event);
    ipcRenderer.on(eventChannel, forward);
    return () => {
      ipcRenderer.off(eventChannel, forward);
    };
  },
};

contextBridge.exposeInMainWorld('cipherfilm', bridge);
