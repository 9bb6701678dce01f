/**
 * Image files to pixels: JPEG, PNG and WebP, by WebAssembly builds of mozjpeg, Rust's png and libwebp. They need no
 * permission, are loaded when the first image of their format comes, and give the very pixels of Python's Pillow.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import type { RgbImage } from "./image.ts";
import { readImageHeader } from "./image_header.ts";

/** Larger files are refused. */
export const MAX_IMAGE_BYTES = 100_000_000;
/** Images of more pixels are refused. */
const MAX_PIXELS = 100_000_000;
/** Images of more pixels in a row or column are refused. */
const MAX_SIDE = 30_000;

/**
 * Decodes a JPEG, PNG or WebP file. A JPEG's EXIF orientation is applied, so that photos stand upright; grey becomes
 * RGB; 16-bit samples keep their upper 8 bits; transparency is dropped, as Pillow's `convert("RGB")` does, not blended.
 *
 * @param bytes The whole file.
 * @param options.source What errors call the file: its path, say.
 * @returns The pixels.
 * @throws {RanetError} If this is no image, or empty, truncated, damaged or too large, or of a format not supported.
 *
 * @example
 * ```ts
 * import { decodeImage } from "@ranet/ranet";
 *
 * const image = await decodeImage(await Deno.readFile("examples/cat.jpg"), { source: "cat.jpg" });
 * console.log(image.width, image.height);
 * ```
 */
export async function decodeImage(bytes: Uint8Array, options: { readonly source: string }): Promise<RgbImage> {
  const decoder = DECODERS[checkHeader(bytes, options.source)]!;
  try {
    return await decoder(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new RanetError(
      `${refusal(options.source)} it is truncated or damaged${error.message && ` (${error.message})`}`,
    );
  }
}

function refusal(source: string): string {
  return `Cannot read image ${JSON.stringify(source)}:`;
}

/** Refuses what is not worth decoding; returns the format of the rest. */
function checkHeader(bytes: Uint8Array, source: string): string {
  const refuse = (reason: string): never => {
    throw new RanetError(`${refusal(source)} ${reason}`);
  };
  const formats = "JPEG, PNG and WebP are supported";
  if (bytes.length === 0) return refuse("the file is empty");
  if (bytes.length > MAX_IMAGE_BYTES) return refuse(`${bytes.length} bytes are more than ${MAX_IMAGE_BYTES}`);
  const header = readImageHeader(bytes);
  if (header === undefined) return refuse(`it is not an image (${formats})`);
  const { format, size, unsupported } = header;
  if (!Object.hasOwn(DECODERS, format)) return refuse(`${format} is not supported (${formats})`);
  if (size === undefined) return refuse(`it is truncated or damaged (the ${format} header is incomplete)`);
  const [width, height] = size;
  if (width === 0 || height === 0) return refuse(`its header says ${width}×${height} pixels`);
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
    return refuse(`${width}×${height} pixels are too many (up to ${MAX_SIDE} a side and ${MAX_PIXELS} in all)`);
  }
  if (unsupported !== undefined) return refuse(unsupported);
  return format;
}

/** A decoder gave up on the file; the message is its own, if it said anything. */
class DecodeError extends Error {}

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Promise<RgbImage>>> = {
  JPEG: emscriptenDecoder(async () => [
    (await import("@jsquash/jpeg/codec/dec/mozjpeg_dec.js")).default as EmscriptenFactory,
    // @ts-ignore: TypeScript has no source phase imports yet
    await import.source("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm") as WebAssembly.Module,
  ], (codec, bytes) => codec.decode(bytes, UPRIGHT)),
  WebP: emscriptenDecoder(async () => [
    (await import("@jsquash/webp/codec/dec/webp_dec.js")).default as EmscriptenFactory,
    // @ts-ignore: TypeScript has no source phase imports yet
    await import.source("@jsquash/webp/codec/dec/webp_dec.wasm") as WebAssembly.Module,
  ], (codec, bytes) => codec.decode(bytes)),
  PNG: decodePng,
};

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
  let codec: Promise<EmscriptenCodec> | undefined;
  const start = async (): Promise<EmscriptenCodec> => {
    const [factory, module] = await load();
    return await factory({
      printErr: (line) => said.push(line),
      instantiateWasm: (imports, done) => {
        const instance = new WebAssembly.Instance(module, imports);
        done(instance);
        return instance.exports;
      },
    });
  };
  return async (bytes) => {
    const ready = await (codec ??= start());
    said = [];
    let image: RgbImage | null;
    try {
      image = decode(ready, bytes);
    } catch (error) {
      codec = undefined; // its state is not to be trusted again
      // libjpeg gives up by exit(); a number is a C++ exception, for want of memory
      const { name } = error as Error;
      if (name === "ExitStatus" || name === "RuntimeError" || typeof error === "number") {
        throw new DecodeError(said[0]);
      }
      throw error;
    }
    // Of libjpeg's warnings, this is the one that leaves a part of the picture grey
    const truncated = said.find((line) => line.startsWith("Premature end"));
    if (image === null || truncated !== undefined) throw new DecodeError(truncated);
    return image;
  };
}

async function decodePng(bytes: Uint8Array): Promise<RgbImage> {
  const { default: init, decode } = await import("@jsquash/png/codec/pkg/squoosh_png.js");
  // @ts-ignore: TypeScript has no source phase imports yet
  await init(await import.source("@jsquash/png/codec/pkg/squoosh_png_bg.wasm") as WebAssembly.Module);
  try {
    return decode(bytes) as RgbImage;
  } catch {
    throw new DecodeError(); // it panics without a word
  }
}
