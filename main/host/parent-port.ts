/** An end of a channel that leads to a third process; the parent made the channel and hands it over. */
export type HandedPort = {
  postMessage(message: unknown): void;
  close(): void;
};

/**
 * The process that started this one, as this one sees it: commands come in, events go out. The parent's own end of the
 * same line is a `Port`.
 */
export type ParentPort<Command, Event> = {
  readonly send: (event: Event) => void;
  /** The ports that came with the command; none in plain Node, whose processes cannot be handed any. */
  readonly onCommand: (listener: (command: Command, ports: readonly HandedPort[]) => void) => void;
  /** The parent is gone, and this process is to end too. Electron ends its utility processes by itself. */
  readonly onClose: (listener: () => void) => void;
};

/**
 * Ends this process. `process.exit` now and then waits for ever while V8 compiles (Node 24), and a process that nobody
 * needs any more would stay, in the engine's case with its key.
 */
export const endAtOnce = (): void => void process.kill(process.pid, 'SIGKILL');

/** Electron's utility processes carry this in place of `process.send`. */
type ElectronParentPort = {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: { data: unknown; ports: readonly HandedPort[] }) => void): void;
};

/**
 * Opens `process.parentPort` in Electron, the IPC channel in a forked Node process.
 *
 * A forked process ignores the signals that ask to end from now on. Ctrl-C in a terminal and `kill` of a process group
 * reach every process of the group, and the parent is the one that cancels what is under way; it ends this process by
 * closing the channel, or kills it.
 */
export function openParentPort<Command, Event>(): ParentPort<Command, Event> {
  const parentPort = (process as { parentPort?: ElectronParentPort }).parentPort;
  if (parentPort !== undefined) {
    return {
      send: (event) => parentPort.postMessage(event),
      onCommand: (listener) =>
        parentPort.on('message', ({ data, ports }) => listener(data as Command, ports)),
      onClose: () => {},
    };
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  return {
    // A parent that has gone away is told nothing; the error of its channel says no more than that.
    send: (event) => {
      if (process.connected) process.send?.(event, undefined, {}, () => {});
    },
    onCommand: (listener) => process.on('message', (message) => listener(message as Command, [])),
    onClose: (listener) => process.on('disconnect', listener),
  };
}
