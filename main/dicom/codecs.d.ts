/** The codec packages ship no types; these are the parts used, as their embind declarations state them. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export type FrameInfo = {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
  };
  export type JpegDecoder = {
    /** A view of wasm memory for `length` encoded bytes; invalid after the next allocation. */
    getEncodedBuffer(length: number): Uint8Array;
    readHeader(): void;
    decode(): void;
    getFrameInfo(): FrameInfo;
    /** A view of wasm memory: copy before `delete`. */
    getDecodedBuffer(): Uint8Array;
    delete(): void;
  };
  export type JpegModule = { readonly JPEGDecoder: new () => JpegDecoder };
  export default function load(options?: {
    print?: (line: string) => void;
    printErr?: (line: string) => void;
  }): Promise<JpegModule>;
}
