/**
 * The process that started this one, as this one sees it: commands come in, events go out. The parent's own end of the
 * same line is a `Port`.
 */
export type ParentPort<Command, Event> = {
  readonly send: (event: Event) => void;
  readonly onCommand: (listener: (command: Command) => void) => void;
  /** The parent is gone, and this process is to end too. Electron ends its utility processes by itself. */
  readonly onClose: (listener: () => void) => void;
};

/** Electron's utility processes carry this in place of `process.send`. */
type ElectronParentPort = {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
};

/** `process.parentPort` in Electron, the IPC channel in a forked Node process. */
export function openParentPort<Command, Event>(): ParentPort<Command, Event> {
  const parentPort = (process as { parentPort?: ElectronParentPort }).parentPort;
  if (parentPort !== undefined) {
    return {
      send: (event) => parentPort.postMessage(event),
      onCommand: (listener) => parentPort.on('message', ({ data }) => listener(data as Command)),
      onClose: () => {},
    };
  }
  return {
    // A parent that has gone away is told nothing; the error of its channel says no more than that.
    send: (event) => {
      if (process.connected) process.send?.(event, undefined, {}, () => {});
    },
    onCommand: (listener) => process.on('message', (message) => listener(message as Command)),
    onClose: (listener) => process.on('disconnect', listener),
  };
}
