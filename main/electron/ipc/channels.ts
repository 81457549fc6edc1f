import type { RequestName } from '../../../contract/ipc/window.ts';

/** Channel of one request; the only names that the preload and the main process share beside contract/ipc/window.ts. */
export const requestChannel = (name: RequestName): string => `cipherfilm:${name}`;
/** The preload asks for a port to the reader, and gets one on the same channel, whenever a reader starts. */
export const filmChannel = 'cipherfilm:films';
/** Channel of the one event stream. */
export const eventChannel = 'cipherfilm:event';
