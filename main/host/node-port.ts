import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

import { onceEnded, type Port, type Program } from './port.ts';

/**
 * Starts a child process of plain Node, which runs TypeScript as it is. Messages are structured clones, so typed arrays
 * arrive as typed arrays. Errors that the child writes go to the parent's own standard error.
 *
 * The child is killed when this process exits, however busy it is. When this process is killed, the child ends as soon as
 * it looks at its channel.
 */
export function launchNode<Command, Event>(program: Program): Port<Command, Event> {
  const child = fork(program.entry, program.argv ?? [], {
    serialization: 'advanced',
    ...(program.heapMiB === undefined
      ? {}
      : { execArgv: [...process.execArgv, `--max-old-space-size=${program.heapMiB}`] }),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...program.environment, ...process.env },
  });
  const lines = createInterface({ input: child.stdout! });
  const { onEnd, end } = onceEnded();
  child.once('exit', (status) => end({ status, hasStarted: true }));
  child.once('error', () => {
    // A child that runs has another error, such as a signal that it may not be sent, and its end is told later.
    if (child.pid === undefined) end({ status: null, hasStarted: false });
  });
  // First of all that happens then: a temporary folder that the child writes to is removed after it.
  const kill = () => child.kill('SIGKILL');
  process.prependListener('exit', kill);
  onEnd(() => process.off('exit', kill));
  if (program.isBackground) letGo(child);
  return {
    get pid() {
      return child.exitCode === null && child.signalCode === null ? child.pid : undefined;
    },
    send: (command) => {
      if (child.connected) child.send(command as Serializable, () => {});
    },
    onEvent: (listener) => child.on('message', (event) => listener(event as Event)),
    onLine: (listener) => lines.on('line', listener),
    onEnd,
    // Not by a signal: a child cannot tell the parent's from one that was sent to the whole group.
    stop: () => {
      if (child.connected) child.disconnect();
    },
    kill,
  };
}

function letGo(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  (child.stdout as Socket).unref();
}
