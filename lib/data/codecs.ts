/**
 * Decoders of image files: WebAssembly builds of mozjpeg, Rust's png and libwebp, whose pixels are identical to
 * Pillow's, and of libavif; libjpeg-turbo for CMYK; our own for TIFF, BMP, GIF and Netpbm. They need no permission, and
 * each is loaded with the first image of its format. All return the picture as it is stored: not cropped, not rotated.
 *
 * @module
 */
import { RanetError } from "../errors.ts";
import { type DeepImage, toSdr } from "./avif/sdr.ts";
import { decodeBmp } from "./bmp.ts";
import { decodeCmykJpeg } from "./cmyk_jpeg.ts";
import { decodeGif } from "./gif.ts";
import type { RgbImage } from "./image.ts";
import { ANIMATED_WEBP, CMYK_JPEG, type ImageHeader } from "./image_header.ts";
import { startPngDecoder } from "./png.ts";
import { decodeNetpbm } from "./netpbm.ts";
import { neededParts } from "./png_chunks.ts";
import { decodeTiff } from "./tiff/decode.ts";
import { firstWebpFrame } from "./webp.ts";

/** A decoder failed. The message is the decoder's, or empty. */
export class DecodeError extends Error {}
/** One of our own decoders failed. These leave nothing in memory. */
export class OwnDecodeError extends DecodeError {}

/** Decodes a file of one format, whose header has been read. */
export type Codec = (bytes: Uint8Array, header: ImageHeader) => Promise<RgbImage>;

const decodePng = pngDecoder();
const decodeJpeg = emscriptenDecoder(async () => [
  (await import("@jsquash/jpeg/codec/dec/mozjpeg_dec.js")).default as EmscriptenFactory,
  // @ts-ignore: TypeScript has no source phase imports yet
  await import.source("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm") as WebAssembly.Module,
], (codec, bytes) => codec.decode(bytes, UPRIGHT) as RgbImage | null);
const decodeWebp = emscriptenDecoder(async () => [
  (await import("@jsquash/webp/codec/dec/webp_dec.js")).default as EmscriptenFactory,
  // @ts-ignore: TypeScript has no source phase imports yet
  await import.source("@jsquash/webp/codec/dec/webp_dec.wasm") as WebAssembly.Module,
], (codec, bytes) => codec.decode(bytes) as RgbImage | null);
const decodeAvif = emscriptenDecoder(async () => [
  (await import("@jsquash/avif/codec/dec/avif_dec.js")).default as EmscriptenFactory,
  // @ts-ignore: TypeScript has no source phase imports yet
  await import.source("@jsquash/avif/codec/dec/avif_dec.wasm") as WebAssembly.Module,
], (codec, bytes, { hdr }) => {
  const image = codec.decode(bytes, hdr ? DEEP : BITS);
  return image && hdr ? toSdr(image as DeepImage, hdr) : image as RgbImage | null;
});

/**
 * The decoders by format; each throws {@linkcode DecodeError} for a damaged file.
 */
export const CODECS: ReadonlyMap<string, Codec> = new Map<string, Codec>([
  ["JPEG", decodeJpeg],
  ["PNG", decodePng],
  ["WebP", decodeWebp],
  [ANIMATED_WEBP, ours(decodeAnimatedWebp)],
  ["AVIF", decodeAvif],
  ["GIF", ours(decodeGif)],
  ["BMP", ours(decodeBmp)],
  ["Netpbm", ours(decodeNetpbm)],
  ["TIFF", ours((bytes, header) => decodeTiff(bytes, (part) => decodeJpeg(part, header)))],
  [CMYK_JPEG, ours((bytes, { size }) => decodeCmykJpeg(bytes, size!))],
]);

/** Wraps one of our own decoders: any error that it throws means that the file is damaged. */
function ours(decode: (bytes: Uint8Array, header: ImageHeader) => RgbImage | Promise<RgbImage>): Codec {
  return async (bytes, header) => {
    try {
      return await decode(bytes, header);
    } catch (error) {
      if (error instanceof DecodeError || error instanceof RanetError) throw error;
      throw new OwnDecodeError((error as Error).message, { cause: error });
    }
  };
}

/** The first frame, on black. */
async function decodeAnimatedWebp(bytes: Uint8Array, header: ImageHeader): Promise<RgbImage> {
  const frame = firstWebpFrame(bytes);
  const [width, height] = header.size!;
  const { file, left, top } = frame;
  if (left + frame.width > width || top + frame.height > height) throw new RangeError("its frame lies outside of it");
  const image = await decodeWebp(file, header);
  if (image.width !== frame.width || image.height !== frame.height) throw new RangeError("its frame has another size");
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < image.height; y++) {
    data.set(image.data.subarray(4 * y * image.width, 4 * (y + 1) * image.width), 4 * ((top + y) * width + left));
  }
  return { width, height, data };
}

/** Calls a decoder's instance. An instance that has thrown may be in a bad state and is replaced. */
function withInstance<Instance>(
  start: () => Promise<Instance>,
): (use: (instance: Instance) => RgbImage) => Promise<RgbImage> {
  let current: Promise<Instance> | undefined;
  return async (use) => {
    let ready: Instance;
    let mine: Promise<Instance>;
    do {
      mine = current ??= start();
      try {
        ready = await mine;
      } catch (error) {
        if (current === mine) current = undefined; // loading may succeed the next time
        throw error;
      }
    } while (mine !== current); // it has thrown for another caller in the meantime
    try {
      return use(ready);
    } catch (error) {
      current = undefined;
      throw error;
    }
  };
}

function pngDecoder(): Codec {
  const call = withInstance(startPngDecoder);
  return async (bytes) => {
    const needed = await new Blob(neededParts(bytes)).bytes();
    return await call((decode) => {
      try {
        return decode(needed);
      } catch {
        throw new DecodeError(); // it panics without a message
      }
    });
  };
}

/** Creates an instance of a codec compiled by Emscripten. */
type EmscriptenFactory = (overrides: {
  readonly printErr: (line: string) => void;
  readonly instantiateWasm: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ) => WebAssembly.Exports;
}) => Promise<EmscriptenCodec>;

/** The common interface of the JPEG, WebP and AVIF codecs. They check the number of arguments. */
interface EmscriptenCodec {
  decode(bytes: Uint8Array, ...options: readonly (boolean | number)[]): RgbImage | DeepImage | null;
}
/** mozjpeg's option that applies the EXIF orientation. We apply it for all formats in one place. */
const UPRIGHT = false;
/** libavif's option: bits per sample. */
const BITS = 8;
/** Bits per sample for HDR pictures. */
const DEEP = 16;

function emscriptenDecoder(
  load: () => Promise<readonly [EmscriptenFactory, WebAssembly.Module]>,
  decode: (codec: EmscriptenCodec, bytes: Uint8Array, header: ImageHeader) => RgbImage | null,
): Codec {
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
  return async (bytes, header) => {
    let truncated: string | undefined;
    const image = await call((codec) => {
      said = [];
      try {
        const image = decode(codec, bytes, header);
        // This is the only warning of libjpeg after which a part of the picture is grey
        truncated = said.find((line) => line.startsWith("Premature end"));
        return image ?? NOTHING;
      } catch (error) {
        // libjpeg fails by exit(); a number is a C++ exception: not enough memory
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

/** Placeholder for no image. */
const NOTHING: RgbImage = { width: 0, height: 0, data: new Uint8Array() };
