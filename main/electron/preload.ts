import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron';
import type { Bridge, WindowEvent } from '../../contract/ipc.ts';
import { eventChannel, requestChannel } from './channels.ts';

/**
 * The sandboxed window's only door: the four methods of `Bridge`, no generic send, no Node, no paths. Built as one
 * CommonJS file, because a sandboxed preload can require nothing but `electron`.
 */
const bridge: Bridge = {
  classify: ({ studyId, bytes }) => ipcRenderer.invoke(requestChannel('classify'), { studyId, bytes }),
  cancel: ({ studyId }) => ipcRenderer.invoke(requestChannel('cancel'), { studyId }),
  status: () => ipcRenderer.invoke(requestChannel('status'), {}),
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
