/** How a process without a window talks to the one that started it, whatever started it. */
export type ProcessPort<Command, Event> = {
  readonly send: (event: Event) => void;
  readonly onCommand: (listener: (command: Command) => void) => void;
  readonly onClose: (listener: () => void) => void;
};

/** Electron's utility processes carry this in place of `process.send`. */
type ParentPort = {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
};

/** `process.parentPort` in Electron, the IPC channel in a forked Node process. */
export function openPort<Command, Event>(): ProcessPort<Command, Event> {
  const parentPort = (process as { parentPort?: ParentPort }).parentPort;
  if (parentPort !== undefined) {
    return {
      send: (event) => parentPort.postMessage(event),
      onCommand: (listener) => parentPort.on('message', ({ data }) => listener(data as Command)),
      onClose: () => {},
    };
  }
  return {
    // A host that has gone away is told nothing; the error of its channel says no more than that.
    send: (event) => {
      if (process.connected) process.send?.(event, undefined, {}, () => {});
    },
    onCommand: (listener) => process.on('message', (message) => listener(message as Command)),
    onClose: (listener) => process.on('disconnect', listener),
  };
}
