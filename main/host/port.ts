/** How a child process ended. */
export type End = {
  /** What it exited with; null when a signal ended it, or when it never started. */
  readonly status: number | null;
  readonly hasStarted: boolean;
};

/**
 * A child process as the process that started it sees it. The child's own end of the same line is a `ParentPort`.
 *
 * Both directions keep their order. Nothing is lost between the start and the first listener, as long as listeners are
 * added before the caller awaits anything.
 */
export type Port<Command, Event> = {
  /** The system's number of the process; undefined while it is not running. */
  readonly pid: number | undefined;
  /** A command to a child that has ended is dropped: whoever waits for its answer hears of the end. */
  send(command: Command): void;
  onEvent(listener: (event: Event) => void): void;
  /** Lines of the child's standard output, which is read to its end whether somebody listens or not. */
  onLine(listener: (line: string) => void): void;
  /** The listener is called once, also when the child ended before it was added. */
  onEnd(listener: (end: End) => void): void;
  /**
   * Asks the child to end, which it may do in its own time. In plain Node its channel is closed, in Electron it is sent
   * SIGTERM; on Windows, which knows no such signal, Electron kills.
   */
  stop(): void;
  /** Ends the child at once (SIGKILL). */
  kill(): void;
};

/** What a child process runs. */
export type Program = {
  /** A word for whoever looks at the list of processes, such as `engine`. */
  readonly name: string;
  /** Path of the script. */
  readonly entry: string;
  readonly argv?: readonly string[];
  /** Variables that are set where the parent's environment does not set them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Largest size of V8's heap, MiB; more ends the child. What wasm and typed arrays hold is not in it. Default: V8's own. */
  readonly heapMiB?: number;
  /** A parent that has nothing else to do ends, although this child still runs. Default: it waits. */
  readonly isBackground?: boolean;
};

/**
 * Starts a child process. The child ends with its parent, also when the parent is killed: an entry sees to that with
 * `ParentPort.onClose`.
 */
export type Launcher = <Command, Event>(program: Program) => Port<Command, Event>;

/** The part of a port that tells of the child's end, and the function that makes it so; only the first call of that counts. */
export function onceEnded(): Pick<Port<never, never>, 'onEnd'> & { readonly end: (end: End) => void } {
  const listeners: ((end: End) => void)[] = [];
  let ended: End | null = null;
  return {
    onEnd: (listener) => {
      if (ended === null) listeners.push(listener);
      else listener(ended);
    },
    end: (end) => {
      if (ended !== null) return;
      ended = end;
      for (const listener of listeners.splice(0)) listener(end);
    },
  };
}

/** Kills the process behind a port, and resolves when it is gone. */
export function killed(port: Pick<Port<never, never>, 'kill' | 'onEnd'>): Promise<unknown> {
  const gone = new Promise((resolve) => port.onEnd(resolve));
  port.kill();
  return gone;
}
