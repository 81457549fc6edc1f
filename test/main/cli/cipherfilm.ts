import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the repository. */
export const root = join(import.meta.dirname, '..', '..', '..');
const half = join(root, 'native-models', 'cxr-f8-r1');
/** Why tests with a model are skipped; empty where they run. */
export const whyNoModel = ['client', 'server'].every((side) => existsSync(join(half, side, 'bundle.json')))
  ? null
  : 'native-models/cxr-f8-r1 has no bundle.json';

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** The variables of a run without the settings of whoever runs the tests; `environment` adds some. */
export function cleanEnvironment(environment: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const none = join(root, 'test', 'none');
  const { CIPHERFILM_EVALUATOR: _, CIPHERFILM_TOKEN: __, ...others } = process.env;
  return { ...others, XDG_CONFIG_HOME: none, APPDATA: none, ...environment };
}

/** The command line's program. */
export const program = join(root, 'main', 'cli', 'index.ts');

/** Runs the command line. @param input  its standard input; it ends at once if left out. */
export function cipherfilmIn(
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  input = '',
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      { cwd: root, env: cleanEnvironment(environment) },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}
