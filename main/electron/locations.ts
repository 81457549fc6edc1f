import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app } from 'electron';
import { readPolicy } from '../settings/setting-files.ts';

const built = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Says where the built files lie, seen from out/main/index.js. */
export const scripts = () => ({
  engine: built('./engine.js'),
  reader: built('./reader.js'),
  recompute: built('./recompute.js'),
  network: built('./network.js'),
  evaluator: built('../evaluator/index.js'),
  preload: built('../preload/preload.cjs'),
  renderer: built('../renderer'),
});

/** Says where the bundles lie: beside the sources while developing, in the resources of a packaged application. */
export function bundleRoot(): string {
  return join(app.isPackaged ? process.resourcesPath : app.getAppPath(), 'native-models');
}

/** Tells whether the evaluator's half of a bundle is on this machine too. */
export const hasServerHalf = (root: string, name: string): boolean =>
  existsSync(join(root, name, 'server', 'bundle.json'));

/**
 * Reads the policy of whoever runs this workstation. While the application is not packaged, CIPHERFILM_POLICY may name
 * one for a machine that has none. @returns as `readPolicy` does.
 */
export const policyText = (): string | null =>
  readPolicy(app.isPackaged ? undefined : process.env.CIPHERFILM_POLICY).text;
