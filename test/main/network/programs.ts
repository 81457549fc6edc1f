import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Whether a foreign program is installed, with which tests of main/network speak. Where it is not, those are skipped.
 *
 * @param command  a call that has status 0.
 */
export const isInstalled = (...command: readonly string[]): boolean => {
  try {
    execFileSync(command[0]!, command.slice(1), { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const hasToolkit = ['storescu', 'echoscu', 'storescp'].every((name) => isInstalled(name, '--version'));
/** Why tests with DCMTK's programs are skipped; null where they run. */
export const whyNoToolkit = hasToolkit ? null : 'DCMTK is not installed (Debian: dcmtk)';

/** What a program said, and its exit status. It is ended after 60 s. */
export async function run(
  name: string,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly said: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(name, args, { timeout: 60_000, maxBuffer: 2 ** 24 });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : -1, said: `${stdout ?? ''}${stderr ?? ''}` };
  }
}
