import { circuitRow, findEntry, openNetwork, readCostModel } from './circuit-row.ts';

/** Child process of `npm run circuits`: compiles one network and writes its row, as JSON, to standard output. */
const entry = await findEntry(process.argv[2] ?? '');
const row = circuitRow(entry, await openNetwork(entry), await readCostModel());
process.stdout.write(JSON.stringify(row));
