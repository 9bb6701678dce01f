/**
 * Decoders of image files: WebAssembly builds of mozjpeg, Rust's png and libwebp, which give the very pixels of Python's
 * Pillow, and of libavif; image-js's `tiff`; for the others, the platform's own. They need no permission, and are loaded
 * when the first image of their format comes.
 *
 * @module
 */
import type { RgbImage } from "./image.ts";
import { CMYK_JPEG } from "./image_header.ts";
import { toPng } from "./platform_decode.ts";
import { decodeTiff } from "./tiff.ts";
import { neededParts, startPngDecoder } from "./png.ts";

/** A decoder gave up on the file; the message is its own, if it said anything. */
export class DecodeError extends Error {}

const decodePng = pngDecoder();

/**
 * The decoders by format; each throws {@linkcode DecodeError} for a damaged file.
 */
export const CODECS: ReadonlyMap<string, (bytes: Uint8Array) => Promise<RgbImage>> = new Map([
  [
    "JPEG",
    emscriptenDecoder(async () => [
      (await import("@jsquash/jpeg/codec/dec/mozjpeg_dec.js")).default as EmscriptenFactory,
      // @ts-ignore: TypeScript has no source phase imports yet
      await import.source("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm") as WebAssembly.Module,
    ], (codec, bytes) => codec.decode(bytes, UPRIGHT)),
  ],
  [
    "WebP",
    emscriptenDecoder(async () => [
      (await import("@jsquash/webp/codec/dec/webp_dec.js")).default as EmscriptenFactory,
      // @ts-ignore: TypeScript has no source phase imports yet
      await import.source("@jsquash/webp/codec/dec/webp_dec.wasm") as WebAssembly.Module,
    ], (codec, bytes) => codec.decode(bytes)),
  ],
  ["PNG", decodePng],
  [
    "AVIF",
    emscriptenDecoder(async () => [
      (await import("@jsquash/avif/codec/dec/avif_dec.js")).default as EmscriptenFactory,
      // @ts-ignore: TypeScript has no source phase imports yet
      await import.source("@jsquash/avif/codec/dec/avif_dec.wasm") as WebAssembly.Module,
    ], (codec, bytes) => codec.decode(bytes, BITS)),
  ],
  ["GIF", decodeByPlatform],
  ["BMP", decodeByPlatform],
  ["TIFF", async (bytes) => await decodeTiff(bytes).catch(({ message }) => Promise.reject(new DecodeError(message)))],
  [CMYK_JPEG, decodeByPlatform],
]);

/** What the platform makes a PNG of, its first frame. */
async function decodeByPlatform(bytes: Uint8Array): Promise<RgbImage> {
  const png = await toPng(bytes);
  if (!png) throw new DecodeError();
  return await decodePng(png);
}

/** Calls a decoder's instance; one that has thrown is not to be trusted again, and another takes its place. */
function withInstance<Instance>(
  start: () => Promise<Instance>,
): (use: (instance: Instance) => RgbImage) => Promise<RgbImage> {
  let current: Promise<Instance> | undefined;
  return async (use) => {
    let ready: Instance;
    let mine: Promise<Instance>;
    do {
      ready = await (mine = current ??= start());
    } while (mine !== current); // it has thrown for another caller meanwhile
    try {
      return use(ready);
    } catch (error) {
      current = undefined;
      throw error;
    }
  };
}

function pngDecoder(): (bytes: Uint8Array) => Promise<RgbImage> {
  const call = withInstance(startPngDecoder);
  return async (bytes) => {
    const needed = await new Blob(neededParts(bytes)).bytes();
    return await call((decode) => {
      try {
        return decode(needed);
      } catch {
        throw new DecodeError(); // it panics without a word
      }
    });
  };
}

/** Makes an instance of a codec that Emscripten compiled. */
type EmscriptenFactory = (overrides: {
  readonly printErr: (line: string) => void;
  readonly instantiateWasm: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ) => WebAssembly.Exports;
}) => Promise<EmscriptenCodec>;

/** What the JPEG, WebP and AVIF codecs have in common; it checks the number of arguments. */
interface EmscriptenCodec {
  decode(bytes: Uint8Array, ...options: readonly (boolean | number)[]): RgbImage | null;
}
/** mozjpeg's option: apply the EXIF orientation. */
const UPRIGHT = true;
/** libavif's option: bits of a sample. */
const BITS = 8;

function emscriptenDecoder(
  load: () => Promise<readonly [EmscriptenFactory, WebAssembly.Module]>,
  decode: (codec: EmscriptenCodec, bytes: Uint8Array) => RgbImage | null,
): (bytes: Uint8Array) => Promise<RgbImage> {
  let said: string[] = [];
  const call = withInstance(async () => {
    const [factory, module] = await load();
    return await factory({
      printErr: (line) => said.push(line),
      instantiateWasm: (imports, done) => {
        const instance = new WebAssembly.Instance(module, imports);
        done(instance);
        return instance.exports;
      },
    });
  });
  return async (bytes) => {
    let truncated: string | undefined;
    const image = await call((codec) => {
      said = [];
      try {
        const image = decode(codec, bytes);
        // Of libjpeg's warnings, this is the one that leaves a part of the picture grey
        truncated = said.find((line) => line.startsWith("Premature end"));
        return image ?? NOTHING;
      } catch (error) {
        // libjpeg gives up by exit(); a number is a C++ exception, for want of memory
        const { name } = error as Error;
        if (name === "ExitStatus" || name === "RuntimeError" || typeof error === "number") {
          throw new DecodeError(said[0]);
        }
        throw error;
      }
    });
    if (image === NOTHING || truncated !== undefined) throw new DecodeError(truncated);
    return image;
  };
}

/** What stands for no image. */
const NOTHING: RgbImage = { width: 0, height: 0, data: new Uint8Array() };
