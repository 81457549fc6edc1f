import { describe, expect, it } from 'vitest';
import { type Digest, parseDigest } from '../../../contract/ids/digest.ts';
import type { FrameStore } from '../../../evaluator/store/frame-store.ts';
import { frameDigest } from '../../../he/wire/frame.ts';

/** Two stores of one new, empty place, as the HTTP side and a worker have them. */
export type OpenFrameStore = () => Promise<{ readonly store: FrameStore; readonly elsewhere: FrameStore }>;

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const absent = parseDigest('ab'.repeat(32));

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function collect(chunks: AsyncIterable<Uint8Array> | null): Promise<Uint8Array | null> {
  if (chunks === null) return null;
  const seen: Uint8Array[] = [];
  for await (const chunk of chunks) seen.push(chunk);
  return new Uint8Array(Buffer.concat(seen));
}
const digestsIn = async (store: FrameStore): Promise<Digest[]> =>
  (await store.list()).map(({ digest }) => digest);

/** What every frame store guarantees (evaluator/store/frame-store.ts), as tests of the one that `open` opens. */
export function describeFrameStore(name: string, open: OpenFrameStore): void {
  describe(`${name}, as a frame store`, () => {
    it('gives a frame back under the SHA-256 of its bytes, whole, in chunks and from any place', async () => {
      const { store } = await open();
      const frame = bytesOf('0123456789');
      const { digest, bytes } = await store.put(frame);
      expect({ digest, bytes }).toEqual({ digest: frameDigest(frame), bytes: 10 });
      expect(new Uint8Array((await store.get(digest))!)).toEqual(frame);
      expect(await collect(await store.stream(digest))).toEqual(frame);
      using opened = await store.open(digest);
      expect(opened!.source.length).toBe(10);
      expect(Buffer.from(opened!.source.read(3, 4)).toString()).toBe('3456');
    });

    it.each([1, 3, 1000])('keeps a frame the same when it comes in chunks of %i bytes', async (size) => {
      const { store } = await open();
      const frame = bytesOf('a frame that comes in chunks'.repeat(20));
      const { digest, bytes } = await store.put(inChunks(frame, size));
      expect({ digest, bytes }).toEqual({ digest: frameDigest(frame), bytes: frame.length });
      expect(new Uint8Array((await store.get(digest))!)).toEqual(frame);
    });

    it('shows through every store of the place what one of them has put or removed', async () => {
      const { store, elsewhere } = await open();
      const { digest } = await elsewhere.put(bytesOf('a result'));
      expect(await store.has(digest)).toBe(true);
      await store.remove(digest);
      expect(await elsewhere.get(digest)).toBeNull();
    });

    it('has nothing of a frame whose chunks throw, not even at their end', async () => {
      const { store } = await open();
      async function* refusedAtItsEnd() {
        yield bytesOf('all of');
        yield bytesOf(' a frame');
        throw new TypeError('refused');
      }
      await expect(store.put(refusedAtItsEnd())).rejects.toThrow('refused');
      expect(await store.has(frameDigest(bytesOf('all of a frame')))).toBe(false);
      expect(await store.list()).toEqual([]);
    });

    it('does not show a frame before all of it came', async () => {
      const { store } = await open();
      const frame = bytesOf('first second');
      const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      async function* halting() {
        yield frame.subarray(0, 6);
        asked.resolve();
        await answer.promise;
        yield frame.subarray(6);
      }
      const putting = store.put(halting());
      await asked.promise;
      expect(await store.list()).toEqual([]);
      expect(await store.has(frameDigest(frame))).toBe(false);
      answer.resolve();
      expect(await store.has((await putting).digest)).toBe(true);
    });

    it('holds a frame once, however often and at once it is put', async () => {
      const { store, elsewhere } = await open();
      const frame = bytesOf('the same');
      await Promise.all([store.put(frame), elsewhere.put(frame), store.put(inChunks(frame, 2))]);
      await store.put(frame);
      expect(await digestsIn(store)).toEqual([frameDigest(frame)]);
      expect(new Uint8Array((await store.get(frameDigest(frame)))!)).toEqual(frame);
    });

    it('says null, false or nothing of a frame that is not here', async () => {
      const { store } = await open();
      expect(await store.get(absent)).toBeNull();
      expect(await store.stream(absent)).toBeNull();
      expect(await store.open(absent)).toBeNull();
      expect(await store.size(absent)).toBeNull();
      expect(await store.has(absent)).toBe(false);
      await store.touch(absent);
      await store.remove(absent);
      expect(await store.list()).toEqual([]);
    });

    it('lets a frame that is open be read after it was removed', async () => {
      const { store, elsewhere } = await open();
      const { digest } = await store.put(bytesOf('read me'));
      using opened = await store.open(digest);
      await elsewhere.remove(digest);
      expect(await store.has(digest)).toBe(false);
      expect(Buffer.from(opened!.source.read(0, 7)).toString()).toBe('read me');
    });

    it('lets a reader of chunks stop early', async () => {
      const { store } = await open();
      const { digest } = await store.put(new Uint8Array(1 << 20));
      let seen = 0;
      for await (const chunk of (await store.stream(digest))!) {
        seen += chunk.length;
        break;
      }
      expect(seen).toBeGreaterThan(0);
      await store.remove(digest);
      expect(await store.has(digest)).toBe(false);
    });

    it('lists sizes, the least recently used frame first', async () => {
      const { store } = await open();
      const texts = ['one', 'three', 'sixteen'];
      for (const text of texts) {
        await store.put(bytesOf(text));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect((await store.list()).map(({ bytes }) => bytes)).toEqual([3, 5, 7]);
      await store.touch(frameDigest(bytesOf('one')));
      expect((await store.list()).map(({ bytes }) => bytes)).toEqual([5, 7, 3]);
      expect(await store.size(frameDigest(bytesOf('sixteen')))).toBe(7);
    });

    it('holds an empty frame too', async () => {
      const { store } = await open();
      const { digest } = await store.put(new Uint8Array(0));
      expect(await store.size(digest)).toBe(0);
      expect((await store.get(digest))!.length).toBe(0);
    });
  });
}
