/** What kernel/kernel.wasm exports; addresses are byte offsets into its memory. */
type KernelExports = {
  heapBase(): number;
  runTask(control: number, task: number, ring: number, args: number, units: number): void;
  stop(control: number): void;
  hash256(data: number, bytes: number, out: number, scratch: number): void;
  forwardNtt(at: number, modulus: number, degree: number): void;
  backwardNtt(at: number, modulus: number, degree: number): void;
};

const pageBytes = 65_536;
const mostPages = 65_536;
const alignment = 64;
const controlWords = 16;
const threadsWord = 8;

/** What a helper thread needs: it instantiates the module on the memory and calls `serve(control, thread)`. */
export type HelperStart = {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly thread: number;
};

/**
 * One shared memory of at most 4 GiB, the kernel on it, and its helper threads. Freed blocks wait for the next request
 * of the same size: a program asks for the same sizes over and over.
 */
export class KernelMemory implements Disposable {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: KernelExports;
  readonly #helpers: readonly Disposable[];
  readonly #control: number;
  readonly #free = new Map<number, number[]>();
  readonly #limit: number;
  #top: number;
  #held = 0;

  /**
   * @param module       kernel/kernel.wasm; kernel/open.ts loads it.
   * @param threads      including the caller's.
   * @param startHelper  starts a further thread.
   * @param limitBytes   most memory it may ever take.
   */
  constructor(
    module: WebAssembly.Module,
    threads: number,
    startHelper: (start: HelperStart) => Disposable,
    limitBytes: number = mostPages * pageBytes,
  ) {
    this.#memory = new WebAssembly.Memory({ initial: 16, maximum: mostPages, shared: true });
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#exports = instance.exports as unknown as KernelExports;
    this.#limit = Math.min(limitBytes, mostPages * pageBytes);
    this.#top = Math.ceil((this.#exports.heapBase() >>> 0) / alignment) * alignment;
    this.#control = this.allocate(4 * controlWords);
    this.words(this.#control, controlWords)[threadsWord] = threads;
    this.#helpers = Array.from({ length: threads - 1 }, (_, index) =>
      startHelper({ module, memory: this.#memory, control: this.#control, thread: index + 1 }),
    );
  }

  get threads(): number {
    return this.#helpers.length + 1;
  }

  /** Bytes in use, and bytes that the memory has grown to. */
  get held(): number {
    return this.#held;
  }
  get grown(): number {
    return this.#memory.buffer.byteLength;
  }

  get functions(): Pick<KernelExports, 'hash256' | 'forwardNtt' | 'backwardNtt'> {
    return this.#exports;
  }

  /** Runs all units of a task on all threads. */
  run(task: number, ring: number, args: number, units: number): void {
    this.#exports.runTask(this.#control, task, ring, args, units);
  }

  /** @throws RangeError when the limit is reached. */
  allocate(bytes: number): number {
    const size = Math.ceil(bytes / alignment) * alignment;
    const known = this.#free.get(size)?.pop();
    this.#held += size;
    if (known !== undefined) return known;
    const at = this.#top;
    const end = at + size;
    if (end > this.#limit) {
      this.#held -= size;
      throw new RangeError(`kernel memory: ${end} bytes wanted, ${this.#limit} allowed`);
    }
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    this.#top = end;
    return at;
  }

  /** @param bytes  as asked for. */
  free(at: number, bytes: number): void {
    const size = Math.ceil(bytes / alignment) * alignment;
    this.#held -= size;
    const waiting = this.#free.get(size);
    if (waiting === undefined) this.#free.set(size, [at]);
    else waiting.push(at);
  }

  words(at: number, count: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, at, count);
  }
  doubles(at: number, count: number): Float64Array {
    return new Float64Array(this.#memory.buffer, at, count);
  }
  bytes(at: number, count: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at, count);
  }

  [Symbol.dispose](): void {
    this.#exports.stop(this.#control);
    for (const helper of this.#helpers) helper[Symbol.dispose]();
  }
}
