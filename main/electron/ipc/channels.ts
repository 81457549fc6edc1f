import type { RequestName } from '../../../contract/ipc/window.ts';

/** The channel of a request. Preload and main process share these names, and otherwise only contract/ipc/window.ts. */
export const requestChannel = (name: RequestName): string => `cipherfilm:${name}`;
/** The channel of the one event stream. */
export const eventChannel = 'cipherfilm:event';
