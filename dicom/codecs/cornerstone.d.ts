/** The codec packages ship no types. These are the parts that are used, as their embind declarations state them. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  import type { WasmDecoder, WasmLoaderOptions } from './wasm-codec.ts';
  export type JpegModule = { readonly JPEGDecoder: new () => WasmDecoder };
  export default function load(options?: WasmLoaderOptions): Promise<JpegModule>;
}
declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  import type { WasmDecoder, WasmLoaderOptions } from './wasm-codec.ts';
  export type JpegLsModule = { readonly JpegLSDecoder: new () => WasmDecoder };
  export default function load(options?: WasmLoaderOptions): Promise<JpegLsModule>;
}
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  import type { WasmDecoder, WasmLoaderOptions } from './wasm-codec.ts';
  export type Jpeg2000Module = { readonly J2KDecoder: new () => WasmDecoder };
  export default function load(options?: WasmLoaderOptions): Promise<Jpeg2000Module>;
}
/** This package ships no types either. */
declare module 'dicom-character-set' {
  /**
   * Decodes the bytes of a text element.
   *
   * @param sets  the values of Specific Character Set (0008,0005), joined by `\`.
   * @throws      Error for a set that does not exist.
   */
  export function convertBytes(sets: string, bytes: Uint8Array, options?: { readonly vr?: string }): string;
}
