/// <reference types="svelte" />
/// <reference types="vite/client" />
import type { Bridge } from '../contract/ipc.ts';

declare global {
  interface Window {
    readonly cipherfilm: Bridge;
  }
}
