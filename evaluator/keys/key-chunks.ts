import { type BundleId, parseBundleId } from '../../contract/ids/bundle-id.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import { frameHeaderBytes } from '../../he/wire/frame.ts';
import type { FrameStore } from '../store/frame-store.ts';
import type { FrameStreamCheck } from '../store/frame-stream.ts';

/** Where the bundle id lies in a frame (he/wire/frame.ts). */
const bundleField = { from: 8, to: 40 } as const;

/** The chunks, looked at on their way; what `check` or `admit` throws refuses the whole frame. */
export async function* checked(
  chunks: AsyncIterable<Uint8Array>,
  check: FrameStreamCheck,
  admit: (frame: ReturnType<FrameStreamCheck['finish']>) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    check.update(chunk);
    yield chunk;
  }
  admit(check.finish());
}

/** The bundle that a stored frame names; null for one that is too short, which only a damaged disk has. */
export async function bundleOf(frames: FrameStore, digest: Digest): Promise<BundleId | null> {
  const head = Buffer.alloc(frameHeaderBytes);
  let got = 0;
  for await (const chunk of (await frames.stream(digest)) ?? []) {
    head.set(chunk.subarray(0, head.length - got), got);
    got = Math.min(head.length, got + chunk.length);
    if (got === head.length) break;
  }
  return got < head.length ? null : parseBundleId(head.toString('hex', bundleField.from, bundleField.to));
}
