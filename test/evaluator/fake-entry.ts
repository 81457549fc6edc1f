import { listeningLine } from '../../contract/evaluator-line.ts';

/** Stands in for evaluator/index.ts in tests of how it is started; `--data` says how to behave. */
const behaviour = process.argv[process.argv.indexOf('--data') + 1];

if (behaviour === 'dies') process.exit(3);
if (behaviour === 'serves') {
  process.stdout.write(`some other line\n${listeningLine('http://127.0.0.1:4242')}\n`);
}
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
setInterval(() => {}, 1000);
