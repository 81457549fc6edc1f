/**
 * This declares the part of WebAssembly's JavaScript interface that the kernel uses. Node's types leave it to those of
 * browsers.
 */
declare namespace WebAssembly {
  class Module {
    private readonly brand: 'module';
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: boolean });
    readonly buffer: SharedArrayBuffer;
    grow(pages: number): number;
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
}
