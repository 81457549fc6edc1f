import { openParentPort } from '../../../main/host/parent-port.ts';

/** A child process for tests of ports: does what it is told, and prints its first argument and two variables. */
export type FakeCommand =
  | { readonly kind: 'echo'; readonly value: Float64Array }
  | { readonly kind: 'leave' };

process.stdout.write(`${process.argv[2]}\n${process.env.CIPHERFILM_CHILD} ${process.env.PATH !== 'none'}`);
const port = openParentPort<FakeCommand, Float64Array>();
port.onCommand((command) => {
  if (command.kind === 'leave') process.exit(7);
  port.send(command.value);
});
port.onClose(() => process.exit(0));
