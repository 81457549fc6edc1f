import { join } from 'node:path';
import { keptKey, plainKeyFile } from '../files/kept-key.ts';

/** The secret of 32 bytes on which anonymous names depend: the same for all exports of this workstation. */
export function anonymousSecret(data: string): Uint8Array {
  const { path, by } = plainKeyFile(join(data, 'anonymous-names'));
  return keptKey(path, by).key;
}
