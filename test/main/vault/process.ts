import { join } from 'node:path';
import { importKey } from '../../../main/vault/keys/key-files.ts';
import { Vault } from '../../../main/vault/vault.ts';
import { adding, passphrase, recordOf, seedOf, systemKey } from './fixture.ts';

/**
 * A process for tests of the vault: `STEP FOLDER` ends itself at that step of a write, as a power cut would; `import
 * STEP FOLDER` does so while it takes in the key in the folder's `in.key`; `count FOLDER` counts a hundred decryptions,
 * one change each.
 */
const [task, ...rest] = process.argv.slice(2) as [string, ...string[]];
const folder = rest.at(-1)!;
const last = task === 'import' ? rest[0] : task;
using vault = await Vault.open({ folder, systemKey }, (step) => {
  if (step === last) process.kill(process.pid, 'SIGKILL');
});
if (task === 'import') await importKey(vault, join(folder, 'in.key'), passphrase, recordOf(seedOf(2)));
else if (task === 'count')
  for (let count = 0; count < 100; count += 1)
    vault.update((body) => ({
      ...body,
      keys: body.keys.map((key) => ({ ...key, decryptions: key.decryptions + 1 })),
    }));
else vault.update(adding(seedOf(2)));
