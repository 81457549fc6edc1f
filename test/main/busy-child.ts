import { openParentPort } from '../../main/host/parent-port.ts';

/** A child process that is too busy to hear that its parent has gone, as the engine is while it makes a key. */
const port = openParentPort<never, string>();
port.onClose(() => process.exit(0));
port.send('busy');
setTimeout(() => {
  for (const until = Date.now() + 10_000; Date.now() < until; );
}, 20);
