import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { CxrError } from '../../contract/errors.ts';

/** A decoder of github.com/cornerstonejs/codecs, as its embind layer declares it. */
export type WasmDecoder = {
  /** Returns a view of wasm memory for `length` encoded bytes. The next allocation makes it invalid. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
  };
  /** Returns the samples, sometimes as a view of wasm memory. They must be copied before `delete`. */
  getDecodedBuffer(): Uint8Array | Uint8ClampedArray;
  delete(): void;
};

/** Those options of the codecs' loaders that are used here. Emscripten calls the whole its Module. */
export type WasmLoaderOptions = {
  print?: (line: string) => void;
  printErr?: (line: string) => void;
  instantiateWasm?: (
    imports: ConstructorParameters<typeof WebAssembly.Instance>[1],
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) => object;
};

/** Says which package decodes, and how its module is loaded. */
export type WasmCodec<Module> = {
  /** The name of the coding, for refusals: `JPEG`, `JPEG-LS`, `JPEG 2000`. */
  readonly name: string;
  /** The package path of the wasm file. */
  readonly wasm: string;
  readonly load: (options: WasmLoaderOptions) => Promise<Module>;
  readonly open: (module: Module) => WasmDecoder;
};

/** What the code stream's own header says. It is read by our own code before the codec sees the stream. */
export type Expected = { readonly rows: number; readonly columns: number; readonly precision: number };

type Instance<Module> = { readonly module: Module; readonly memory: BoundedMemory };

/** A codec's memory never shrinks. A decoder with more than this, bytes, is given up after its image. */
const keptBytes = 128 * 1024 * 1024;
const pageBytes = 65536;

/**
 * Makes a function that decodes one grayscale frame with a codec in WebAssembly. The module is loaded at the first call
 * and kept. After any failure it is loaded anew, because its heap is not trusted again.
 *
 * @returns a function of the code stream, the expected header, and the most wasm memory that the codec may have, bytes.
 *          It returns a copy of the samples: one byte each up to 8 bits, otherwise two, little endian.
 * @throws  CxrError 'dicom-pixels' from that function when the stream does not decode to exactly what is expected.
 */
export function createWasmDecode<Module>(codec: WasmCodec<Module>) {
  let compiled: Promise<WebAssembly.Module> | null = null;
  let loaded: Promise<Instance<Module>> | null = null;
  const current = async (): Promise<Instance<Module>> => {
    for (;;) {
      compiled ??= compile(codec.wasm);
      loaded ??= compiled.then((module) => instantiate(codec, module));
      const waitedFor = loaded;
      const instance = await waitedFor;
      // Another image may have brought this one down in the meantime.
      if (waitedFor === loaded) return instance;
    }
  };
  return async (stream: Uint8Array, expected: Expected, maxMemoryBytes: number): Promise<Uint8Array> => {
    const { module, memory } = await current();
    memory.limit(maxMemoryBytes);
    let decoder: WasmDecoder | null = null;
    try {
      decoder = codec.open(module);
      decoder.getEncodedBuffer(stream.length).set(stream);
      decoder.decode();
      return checkedCopy(decoder, expected, codec.name);
    } catch (thrown) {
      // The codecs throw numbers and wasm exceptions; after one their heap is not trusted again.
      loaded = null;
      throw thrown instanceof CxrError ? thrown : new CxrError('dicom-pixels', { reason: codec.name });
    } finally {
      try {
        decoder?.delete();
      } catch {
        loaded = null;
      }
      if (memory.bytes > keptBytes) loaded = null;
    }
  };
}

/** Copies the samples as the codec left them, once the codec's idea of the frame is the expected one. */
function checkedCopy(decoder: WasmDecoder, expected: Expected, name: string): Uint8Array {
  const { rows, columns, precision } = expected;
  const { width, height, componentCount, bitsPerSample } = decoder.getFrameInfo();
  if (width !== columns || height !== rows || componentCount !== 1 || bitsPerSample !== precision) {
    throw new CxrError('dicom-pixels', { reason: `${name} frame`, expected: [rows, columns, precision] });
  }
  const decoded = decoder.getDecodedBuffer();
  if (decoded.length !== rows * columns * (precision > 8 ? 2 : 1)) {
    throw new CxrError('dicom-pixels', { reason: `${name} size` });
  }
  return new Uint8Array(decoded);
}

/** Reads the codecs' bytes as samples. Samples of 9 … 16 bits take two bytes each, little endian. */
export function asSamples(bytes: Uint8Array, precision: number): Uint8Array | Uint16Array {
  return precision > 8 ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1) : bytes;
}

async function compile(wasm: string): Promise<WebAssembly.Module> {
  const path = createRequire(import.meta.url).resolve(wasm);
  return WebAssembly.compile(new Uint8Array(await readFile(path)));
}

/** Instantiates the wasm here instead of leaving it to the package, because only so can its memory be limited. */
async function instantiate<Module>(
  { load }: WasmCodec<Module>,
  compiled: WebAssembly.Module,
): Promise<Instance<Module>> {
  let memory: BoundedMemory | null = null;
  const module = await load({
    // Decoder chatter may quote the file; it goes nowhere.
    print: () => {},
    printErr: () => {},
    instantiateWasm: (imports, receive) => {
      const instance = new WebAssembly.Instance(compiled, imports);
      memory = new BoundedMemory(instance);
      receive(instance, compiled);
      return instance.exports;
    },
  });
  if (memory === null) throw new CxrError('internal', { reason: 'codec without memory' });
  return { module, memory };
}

/**
 * The memory of a wasm instance with a limit to its growth. The codecs believe what a stream declares (tiles, layers,
 * precincts) and would take 2 GiB for it. Refused memory makes them fail, and the caller turns that failure into a
 * code.
 */
class BoundedMemory {
  readonly #memory: WebAssembly.Memory;
  #maxBytes = 0;

  constructor(instance: WebAssembly.Instance) {
    const found = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
    if (found === undefined) throw new CxrError('internal', { reason: 'codec without memory' });
    this.#memory = found;
    // Emscripten calls `grow` on this object and takes an exception for "no more memory".
    found.grow = (pages: number): number => {
      if (this.bytes + pages * pageBytes > this.#maxBytes) throw new RangeError('memory limit');
      return WebAssembly.Memory.prototype.grow.call(found, pages);
    };
  }

  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }
}
