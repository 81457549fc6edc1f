import type { RequestName } from '../../../contract/ipc/window.ts';

/** The channel of a request. Preload and main process share these names, and otherwise only contract/ipc/window.ts. */
export const requestChannel = (name: RequestName): string => `cipherfilm:${name}`;
/** The preload asks for a port to the reader, and gets one on the same channel, whenever a reader starts. */
export const filmChannel = 'cipherfilm:films';
/** Channel of the one event stream. */
export const eventChannel = 'cipherfilm:event';
