import { Vault } from '../../../main/vault/vault.ts';
import { adding, seedOf, systemKey } from './fixture.ts';

/**
 * A process for tests of the vault: `STEP FOLDER` ends itself at that step of a write, as a power cut would; `count
 * FOLDER` counts a hundred decryptions, one change each.
 */
const [task, folder] = process.argv.slice(2) as [string, string];
using vault = await Vault.open({ folder, systemKey }, (step) => {
  if (step === task) process.kill(process.pid, 'SIGKILL');
});
if (task === 'count')
  for (let count = 0; count < 100; count += 1)
    vault.update((body) => ({
      ...body,
      keys: body.keys.map((key) => ({ ...key, decryptions: key.decryptions + 1 })),
    }));
else vault.update(adding(seedOf(2)));
