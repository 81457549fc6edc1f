/// <reference types="svelte" />
/// <reference types="vite/client" />
import type { Bridge } from '../contract/ipc/window.ts';

declare global {
  interface Window {
    readonly cipherfilm: Bridge;
  }
}
