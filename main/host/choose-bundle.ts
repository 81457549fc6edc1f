import { CxrError } from '../../contract/errors.ts';
import { listBundles } from '../../native-models/bundle.ts';

/** The bundle that the product is delivered with. */
const standard = 'cxr-f8-r1';

/**
 * Chooses the bundle that a workstation works with: the standard one where it is there, otherwise the first by name.
 * Only folders with a client half count, since a workstation can do nothing with an evaluator's half alone.
 *
 * @param root  folder of bundles.
 * @returns the name of a folder in it.
 * @throws CxrError `bundle-missing` when there is none.
 */
export async function chooseBundle(root: string): Promise<string> {
  const names = await listBundles(root, 'client');
  const name = names.includes(standard) ? standard : names[0];
  if (name === undefined) throw new CxrError('bundle-missing', { file: 'client/bundle.json' });
  return name;
}
