import { createInterface } from 'node:readline';
import { type MessagePortMain, utilityProcess } from 'electron';
import { onceEnded, type Port, type Program } from '../host/port.ts';

/** A port over which an end of a channel can be handed to the child, beside a command. */
export type UtilityPort<Command, Event> = Port<Command, Event> & {
  hand(command: Command, end: MessagePortMain): void;
};

/**
 * Starts a child process as one of Electron's utility processes, which run Node and end with the application. It never
 * keeps the application from ending, whatever the program says.
 */
export function launchUtility<Command, Event>(program: Program): UtilityPort<Command, Event> {
  const child = utilityProcess.fork(program.entry, [...(program.argv ?? [])], {
    serviceName: `Cipherfilm ${program.name}`,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Node's own switch does nothing here: V8 is started by Chromium.
    execArgv: program.heapMiB === undefined ? [] : [`--js-flags=--max-old-space-size=${program.heapMiB}`],
    env: { ...program.environment, ...process.env },
  });
  const lines = createInterface({ input: child.stdout! });
  const { onEnd, end } = onceEnded();
  child.once('exit', (status) => end({ status, hasStarted: true }));
  return {
    get pid() {
      return child.pid;
    },
    send: (command) => child.postMessage(command),
    hand: (command, end) => child.postMessage(command, [end]),
    onEvent: (listener) => child.on('message', listener),
    onLine: (listener) => lines.on('line', listener),
    onEnd,
    stop: () => child.kill(),
    kill: () => {
      // Electron's own `kill` asks politely.
      if (child.pid === undefined) return;
      try {
        process.kill(child.pid, 'SIGKILL');
      } catch {
        // It has ended, and Electron has not told so yet.
      }
    },
  };
}
