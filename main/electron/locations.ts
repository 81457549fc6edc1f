import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app } from 'electron';

const built = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where the built files lie, seen from out/main/index.js. */
export const scripts = () => ({
  engine: built('./engine.js'),
  evaluator: built('../evaluator/index.js'),
  preload: built('../preload/preload.cjs'),
  renderer: built('../renderer'),
});

/** Folder of bundles: beside the sources while developing, in the resources of a packaged app. */
export function bundleRoot(): string {
  return join(app.isPackaged ? process.resourcesPath : app.getAppPath(), 'native-models');
}

/** The single bundle that has a client half; with none or several the standard one, which may then be missing. */
export function bundleName(root: string): string {
  const standard = 'cxr-f8-r1';
  if (!existsSync(root)) return standard;
  const names = readdirSync(root).filter((name) => existsSync(join(root, name, 'client')));
  return names.length === 1 ? names[0]! : standard;
}

/** Content of <userData>/config.json; null when there is none. */
export function configText(): string | null {
  const path = join(app.getPath('userData'), 'config.json');
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
