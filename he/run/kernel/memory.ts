/** These are the functions that kernel/assembly exports. Addresses are byte offsets into its memory. */
type KernelExports = {
  heapBase(): number;
  runTask(control: number, task: number, ring: number, args: number, units: number): void;
  stop(control: number): void;
  hash256(data: number, bytes: number, out: number, scratch: number): void;
};

const pageBytes = 65_536;
const mostPages = 65_536;
const alignment = 64;
const controlWords = 16;
const threadsWord = 8;

/** A helper thread needs this to start: it instantiates the module on the memory and calls `serve(control, thread)`. */
export type HelperStart = {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly thread: number;
};

/** All tasks, done by native code on the same memory and on threads of its own. */
export type NativeTasks = Disposable & {
  run(task: number, ring: number, args: number, units: number): void;
};

/** These options limit the memory or exchange WebAssembly for native code. */
export type MemoryOptions = {
  /** The most bytes that the memory may ever take; 4 GiB when it is left out. */
  readonly limitBytes?: number | undefined;
  /** Opens native tasks on the memory behind `bytes`, which never moves. */
  readonly native?: ((bytes: Uint8Array, threads: number) => NativeTasks) | undefined;
};

const roundUp = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/**
 * This is one shared memory of at most 4 GiB, the kernel on it, and its helper threads. Freed blocks join their
 * neighbours, because programs ask for blocks of many sizes, and blocks kept by size would fill the memory.
 */
export class KernelMemory implements Disposable {
  readonly threads: number;
  readonly #memory: WebAssembly.Memory;
  readonly #exports: KernelExports;
  readonly #helpers: readonly Disposable[];
  readonly #native: NativeTasks | undefined;
  readonly #control: number;
  /** The free blocks, in ascending order and never adjacent. */
  readonly #free: { at: number; size: number }[] = [];
  readonly #limit: number;
  #top: number;
  #held = 0;

  /**
   * @param module       kernel/wasm.ts; kernel/open.ts compiles it.
   * @param threads      including the caller's.
   * @param startHelper  starts a further thread.
   */
  constructor(
    module: WebAssembly.Module,
    threads: number,
    startHelper: (start: HelperStart) => Disposable,
    { limitBytes = mostPages * pageBytes, native }: MemoryOptions = {},
  ) {
    this.#memory = new WebAssembly.Memory({ initial: 16, maximum: mostPages, shared: true });
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#exports = instance.exports as unknown as KernelExports;
    this.#limit = Math.min(limitBytes, mostPages * pageBytes);
    this.#top = Math.ceil((this.#exports.heapBase() >>> 0) / alignment) * alignment;
    this.#control = this.allocate(4 * controlWords);
    this.words(this.#control, controlWords)[threadsWord] = threads;
    this.threads = threads;
    this.#native = native?.(new Uint8Array(this.#memory.buffer), threads);
    const helpers = this.#native === undefined ? threads - 1 : 0;
    this.#helpers = Array.from({ length: helpers }, (_, index) =>
      startHelper({ module, memory: this.#memory, control: this.#control, thread: index + 1 }),
    );
  }

  /** Gives the number of bytes in use. */
  get held(): number {
    return this.#held;
  }
  /** Gives the number of bytes to which the memory has grown. */
  get grown(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Gives the kernel's functions that need no threads. */
  get functions(): Pick<KernelExports, 'hash256'> {
    return this.#exports;
  }

  /**
   * Runs all units of a task on all threads and returns when they are done.
   *
   * @param ring   address of the ring's tables.
   * @param args   address of the task's arguments.
   * @param units  number of units that are handed out.
   */
  run(task: number, ring: number, args: number, units: number): void {
    if (this.#native !== undefined) this.#native.run(task, ring, args, units);
    else this.#exports.runTask(this.#control, task, ring, args, units);
  }

  /**
   * Takes the smallest free block that is large enough, or new memory. Blocks begin at multiples of 64 bytes.
   *
   * @returns the address of the block.
   * @throws RangeError when the limit is reached.
   */
  allocate(bytes: number): number {
    const size = roundUp(bytes);
    let best = -1;
    for (const [index, block] of this.#free.entries())
      if (block.size >= size && (best < 0 || block.size < this.#free[best]!.size)) best = index;
    const at = best < 0 ? this.#extend(size) : this.#cut(best, size);
    this.#held += size;
    return at;
  }

  #cut(index: number, size: number): number {
    const block = this.#free[index]!;
    if (block.size === size) this.#free.splice(index, 1);
    else this.#free[index] = { at: block.at + size, size: block.size - size };
    return block.at;
  }

  #extend(size: number): number {
    // A free block at the end grows; otherwise it would lie there for nothing.
    const last = this.#free.at(-1);
    const at = last !== undefined && last.at + last.size === this.#top ? last.at : this.#top;
    const end = at + size;
    if (end > this.#limit) throw new RangeError(`kernel memory: ${end} bytes wanted, ${this.#limit} allowed`);
    if (at !== this.#top) this.#free.pop();
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    this.#top = end;
    return at;
  }

  /**
   * Gives a block back.
   *
   * @param bytes  as many as were asked for.
   */
  free(at: number, bytes: number): void {
    const size = roundUp(bytes);
    this.#held -= size;
    let index = this.#free.findIndex((block) => block.at > at);
    if (index < 0) index = this.#free.length;
    this.#free.splice(index, 0, { at, size });
    this.#join(index);
    if (index > 0) this.#join(index - 1);
  }

  /** Makes one block of two free neighbours. */
  #join(index: number): void {
    const [block, next] = [this.#free[index]!, this.#free[index + 1]];
    if (next === undefined || block.at + block.size !== next.at) return;
    this.#free.splice(index, 2, { at: block.at, size: block.size + next.size });
  }

  /** Gives `count` 32-bit words at an address, as a view. */
  words(at: number, count: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, at, count);
  }
  /** Gives `count` doubles at an address, as a view. */
  doubles(at: number, count: number): Float64Array {
    return new Float64Array(this.#memory.buffer, at, count);
  }
  /** Gives `count` bytes at an address, as a view. */
  bytes(at: number, count: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at, count);
  }

  [Symbol.dispose](): void {
    this.#native?.[Symbol.dispose]();
    this.#exports.stop(this.#control);
    for (const helper of this.#helpers) helper[Symbol.dispose]();
  }
}
