import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { ByteSource } from '../../he/wire/byte-source.ts';
import { frameHeaderBytes } from '../../he/wire/frame.ts';
import { FrameStreamCheck } from '../store/frame-stream.ts';

const pieceBytes = 1 << 20;

export type KeyFile = Disposable & { readonly payload: ByteSource };

/**
 * Opens a stored frame of evaluation keys, too large to hold beside the keys that it becomes. It was checked when it was
 * stored; its digest is checked again, because disks and people change files, and the keys are checked as they are
 * loaded.
 *
 * @throws CxrError `evaluation-key-missing`, `evaluation-key-invalid`.
 */
export function openKeyFile(
  path: string,
  { key, bundle, maxPayloadBytes }: { key: KeyId; bundle: BundleId; maxPayloadBytes: number },
): KeyFile {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new CxrError('evaluation-key-missing', { key }, { cause });
  }
  try {
    const source = fileSource(file);
    const check = new FrameStreamCheck('evaluationKeys', () => maxPayloadBytes);
    for (let at = 0; at < source.length; at += pieceBytes)
      check.update(source.read(at, Math.min(pieceBytes, source.length - at)));
    const found = check.finish();
    if (found.bundle !== bundle) throw new CxrError('frame-foreign', { field: 'bundle' });
    if ((found.digest as string) !== key) throw new CxrError('frame-digest', { kind: 'evaluationKeys' });
    const payload = {
      length: source.length - frameHeaderBytes,
      read: (at: number, count: number) => source.read(frameHeaderBytes + at, count),
    };
    return { payload, [Symbol.dispose]: () => closeSync(file) };
  } catch (cause) {
    closeSync(file);
    throw new CxrError('evaluation-key-invalid', { key }, { cause });
  }
}

/** @throws CxrError `frame-truncated` when the file has become shorter. */
function fileSource(file: number): ByteSource {
  return {
    length: fstatSync(file).size,
    read: (at, count) => {
      const bytes = new Uint8Array(count);
      const got = readSync(file, bytes, 0, count, at);
      if (got < count) throw new CxrError('frame-truncated', { got, expected: count });
      return bytes;
    },
  };
}
