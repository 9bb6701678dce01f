/**
 * Decoders of image files: WebAssembly builds of mozjpeg, Rust's png and libwebp. They need no permission, are loaded when
 * the first image of their format comes, and give the very pixels of Python's Pillow.
 *
 * @module
 */
import type { RgbImage } from "./image.ts";
import { neededParts, startPngDecoder } from "./png.ts";

/** A decoder gave up on the file; the message is its own, if it said anything. */
export class DecodeError extends Error {}

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
  ["PNG", pngDecoder()],
]);

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

/** What the JPEG and the WebP codec have in common; it checks the number of arguments. */
interface EmscriptenCodec {
  decode(bytes: Uint8Array, ...options: readonly boolean[]): RgbImage | null;
}
/** mozjpeg's option: apply the EXIF orientation. */
const UPRIGHT = true;

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
