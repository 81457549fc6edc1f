/** The bytes that are handed to the network at a time. Progress is told after each piece. */
const chunkBytes = 256 * 1024;

/**
 * Gives a large body to the network piece by piece, so that progress can be told.
 *
 * @param onChunk  hears the bytes of each piece and the fraction that was handed over, in [0, 1].
 */
export function uploadStream(
  body: Uint8Array,
  onChunk: (chunkBytes: number, fraction: number) => void,
): ReadableStream<Uint8Array> {
  let at = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const chunk = body.subarray(at, at + chunkBytes);
    at += chunk.length;
    // The copy is for the network, which may detach what it is given.
    if (chunk.length > 0) controller.enqueue(chunk.slice());
    if (at >= body.length) controller.close();
    onChunk(chunk.length, at / body.length);
  };
  return new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 1 });
}
