import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app } from 'electron';

const built = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where the built files lie, seen from out/main/index.js. */
export const scripts = () => ({
  engine: built('./engine.js'),
  reader: built('./reader.js'),
  recompute: built('./recompute.js'),
  evaluator: built('../evaluator/index.js'),
  preload: built('../preload/preload.cjs'),
  renderer: built('../renderer'),
});

/** Folder of bundles: beside the sources while developing, in the resources of a packaged app. */
export function bundleRoot(): string {
  return join(app.isPackaged ? process.resourcesPath : app.getAppPath(), 'native-models');
}

/** Whether the half of a bundle that computes is here too. */
export const hasServerHalf = (root: string, name: string): boolean =>
  existsSync(join(root, name, 'server', 'bundle.json'));

/**
 * Content of the policy of whoever runs this workstation; null when there is none. One that is there but cannot be read
 * is passed on as unreadable, not as none.
 *
 * CIPHERFILM_POLICY names another file while the application is not packaged.
 */
export function policyText(): string | null {
  const elsewhere = app.isPackaged ? undefined : process.env.CIPHERFILM_POLICY;
  const path = elsewhere || join(policyFolder(), 'policy.json');
  if (!existsSync(path)) return null;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function policyFolder(): string {
  if (process.platform === 'win32') return join(process.env.ProgramData ?? 'C:\\ProgramData', 'Cipherfilm');
  return process.platform === 'darwin' ? '/Library/Application Support/Cipherfilm' : '/etc/cipherfilm';
}
