import { createInterface } from 'node:readline';
import { utilityProcess } from 'electron';
import { onceEnded } from '../host/once-ended.ts';
import type { Port, Program } from '../host/port.ts';

/**
 * Starts a child process as one of Electron's utility processes, which run Node and end with the application. It never
 * keeps the application from ending, whatever the program says.
 */
export function launchUtility<Command, Event>(program: Program): Port<Command, Event> {
  const child = utilityProcess.fork(program.entry, [...(program.argv ?? [])], {
    serviceName: `Cipherfilm ${program.name}`,
    stdio: ['ignore', 'pipe', 'inherit'],
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
    onEvent: (listener) => child.on('message', listener),
    onLine: (listener) => lines.on('line', listener),
    onEnd,
    stop: () => child.kill(),
    kill: () => {
      // Electron's own `kill` asks politely.
      if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
    },
  };
}
