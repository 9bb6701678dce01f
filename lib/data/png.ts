/**
 * PNG decoding by Rust's png crate, as compiled in `@jsquash/png` 3.1.1. That package's JavaScript keeps one instance
 * forever, although a damaged file makes Rust panic, which leaks its allocations. This file replaces that JavaScript.
 *
 * @module
 */
import type { RgbImage } from "./image.ts";
import { inflate, MAX_EXPANSION } from "./inflate.ts";
import { pngChunks } from "./png_chunks.ts";

/** The exports of the module that are used. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  decode(at: number, length: number): void;
  __wbindgen_malloc(length: number, align: number): number;
  __wbindgen_free(at: number, length: number, align: number): void;
}

/** Decodes a file. An instance that has thrown must not be used again. */
export type PngDecoder = (bytes: Uint8Array) => RgbImage;

/** Creates an instance. */
export async function startPngDecoder(): Promise<PngDecoder> {
  // @ts-ignore: TypeScript has no source phase imports yet
  const module = await import.source("@jsquash/png/codec/pkg/squoosh_png_bg.wasm") as WebAssembly.Module;
  let image: RgbImage | undefined;
  /** Replaces `new ImageData(…)`, with its arguments. */
  const take = (at: number, length: number, width: number, height: number): number => {
    image = { width, height, data: new Uint8Array(exports.memory.buffer, at, length).slice() };
    exports.__wbindgen_free(at, length, 1);
    return 0;
  };
  const imports = WebAssembly.Module.imports(module).map(({ name }) => [
    name,
    name.startsWith("__wbg_newwithownedu8clampedarray") ? take : () => {
      throw new Error("the PNG decoder failed");
    },
  ]);
  const instance = await WebAssembly.instantiate(module, { wbg: Object.fromEntries(imports) });
  const exports = instance.exports as unknown as Exports;
  return (bytes) => {
    image = undefined;
    const at = exports.__wbindgen_malloc(bytes.length, 1); // the decoder frees it
    new Uint8Array(exports.memory.buffer, at).set(bytes);
    exports.decode(at, bytes.length);
    return image!;
  };
}

/** Samples per pixel, by the header's colour type. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Bytes whose needless decompression takes less than a second. */
const NEGLIGIBLE = 1e9;
/** Padding in bytes that some programs add. */
const PADDING = 65_536;

/** Whether a file's data decompress to far more bytes than its pixels need. */
export async function unpacksTooFar(bytes: Uint8Array): Promise<boolean> {
  if (bytes.length < 26) return false; // damaged: the decoder will refuse it
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const bits = view.getUint8(24) * (SAMPLES[view.getUint8(25)] ?? 4);
  // Each row has an extra byte and is padded to whole bytes. Interlacing almost doubles the number of rows.
  const allowed = Math.ceil(width * height * bits / 8) + 4 * height + PADDING;
  if (bytes.length * MAX_EXPANSION <= allowed + NEGLIGIBLE) return false;
  let length = 0;
  try {
    const data = pngChunks(bytes).filter(({ type }) => type === "IDAT").map(({ whole }) => whole.subarray(8, -4));
    for await (const part of inflate(data, "deflate")) if ((length += part.length) > allowed) return true;
  } catch {
    // The file is damaged; the decoder will refuse it.
  }
  return false;
}
