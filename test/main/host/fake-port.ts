import type { End, Port } from '../../../main/host/port.ts';
import { onceEnded } from '../../../main/host/port.ts';

/** A port to no process: keeps what is sent, and says and does what the test wants. */
export class FakePort<Command, Event> implements Port<Command, Event> {
  readonly sent: Command[] = [];
  /** Whether and how it was asked to end. */
  readonly asked: ('stop' | 'kill')[] = [];
  readonly #events: ((event: Event) => void)[] = [];
  readonly #lines: ((line: string) => void)[] = [];
  readonly #ended = onceEnded();
  pid: number | undefined = 4321;
  readonly onEnd = this.#ended.onEnd;

  send(command: Command): void {
    this.sent.push(command);
  }
  onEvent(listener: (event: Event) => void): void {
    this.#events.push(listener);
  }
  onLine(listener: (line: string) => void): void {
    this.#lines.push(listener);
  }
  stop(): void {
    this.asked.push('stop');
  }
  kill(): void {
    this.asked.push('kill');
  }

  tell(event: Event): void {
    for (const listener of this.#events) listener(event);
  }
  print(line: string): void {
    for (const listener of this.#lines) listener(line);
  }
  end(end: End = { status: 1, hasStarted: true }): void {
    this.pid = undefined;
    this.#ended.end(end);
  }
}
