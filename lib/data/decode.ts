/**
 * Decodes image files.
 *
 * @module
 */
import { RanetError, type RanetErrorCode } from "../errors.ts";
import { kindOf } from "../text/kind.ts";
import { CODECS, DecodeError, OwnDecodeError } from "./codecs.ts";
import type { RgbImage } from "./image.ts";
import { countScans, type ImageHeader, readImageHeader } from "./image_header.ts";
import { cropped, upright } from "./orientation.ts";
import { decodeByBrowser, decodedPicture, type Drawable, inBrowser } from "./platform_decode.ts";
import { unpacksTooFar } from "./png.ts";
import { lacksEnd } from "./png_chunks.ts";
import { expectObject } from "../text/expect.ts";

/** Larger files are refused. */
export const MAX_IMAGE_BYTES = 100_000_000;
/** Images of more pixels are refused. */
export const MAX_PIXELS = 100_000_000;
/** Images of more pixels in a row or column are refused. */
const MAX_SIDE = 30_000;
/** How to convert unsupported formats: commands of well-known tools, to copy. */
const CONVERTERS: ReadonlyMap<string, string> = new Map([
  ["HEIC", "heif-convert photo.heic photo.jpg; on a Mac, sips -s format jpeg photo.heic --out photo.jpg"],
  ["JPEG XL", "djxl photo.jxl photo.png"],
  ["JPEG 2000", "opj_decompress -i photo.jp2 -o photo.png"],
  ["JPEG XR", "JxrDecApp -i photo.jxr -o photo.bmp"],
  ["SVG", "rsvg-convert drawing.svg > drawing.png"],
  [
    "camera raw",
    "darktable-cli photo.raw photo.jpg; for the camera's own JPEG, exiftool -b -JpgFromRaw photo.raw > photo.jpg",
  ],
  ["video", "ffmpeg -i video.mp4 -frames:v 1 frame.png"],
  ["web page", "save the image itself, not the page that shows it"],
  ["ICO", "magick icon.ico[0] icon.png"],
  ["CUR", "magick pointer.cur[0] pointer.png"],
  ["ICNS", "icns2png -x icon.icns"],
  ["Photoshop", "magick picture.psd[0] picture.png"],
  ["GIMP", "export it as PNG from GIMP, or xcf2png picture.xcf -o picture.png"],
  ["PDF", "pdftoppm -png document.pdf page"],
  ["PostScript", "gs -sDEVICE=png16m -r150 -o page.png document.ps"],
  ["OpenEXR", "magick picture.exr picture.png"],
  ["Radiance HDR", "magick picture.hdr picture.png"],
  ["PAM", "pamtopng picture.pam > picture.png"],
  ["PFM", "magick picture.pfm picture.png"],
  ["QOI", "magick picture.qoi picture.png"],
  ["DDS", "magick picture.dds picture.png"],
  ["PCX", "magick picture.pcx picture.png"],
  ["Sun raster", "rasttopnm picture.ras | pnmtopng > picture.png"],
  ["TGA", "magick picture.tga picture.png"],
  ["SGI", "magick picture.sgi picture.png"],
  ["DICOM", "dcmj2pnm +on picture.dcm picture.png"],
  ["NumPy array", "ranet forward takes tensors; else save the image with Pillow"],
  ["ZIP archive", "unpack it first"],
]);
/** JPEGs with more scans are refused. Progressive files have about ten. */
const MAX_SCANS = 64;

/** How an image file is decoded. */
export interface DecodeImageOptions {
  /** The file's name in errors, for example its path. */
  readonly source: string;
  /**
   * Called with a warning about a file that can be decoded anyway.
   *
   * @default {console.warn}
   */
  readonly onNote?: (message: string) => void;
}

/**
 * Decodes a JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF or Netpbm file. If it contains several pictures or frames, the first
 * is decoded. The orientation (EXIF or the format's own) is applied; grey becomes RGB; 16-bit samples keep their upper 8
 * bits; transparency is dropped, not blended, as in Pillow's `convert("RGB")`; colour profiles are not applied. In a
 * browser, other formats are decoded by the browser. See docs/formats.md.
 *
 * @param bytes The whole file.
 * @param options The image's name, and a callback for warnings.
 * @returns The pixels.
 * @throws {RanetError} If the file is not an image, is empty, truncated, damaged or too large, or has an unsupported
 * format.
 *
 * @example
 * ```ts
 * import { decodeImage } from "@ranet/ranet";
 *
 * const image = await decodeImage(await Deno.readFile("examples/cat.jpg"), { source: "cat.jpg" });
 * console.log(image.width, image.height);
 * ```
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeImageOptions): Promise<RgbImage> {
  expectObject("decodeImage", { options }, "source");
  if (!(bytes instanceof Uint8Array || (bytes as unknown) instanceof ArrayBuffer)) {
    const found = kindOf(bytes);
    throw new RanetError(`${refusal(options.source)} expected the bytes of a file, a Uint8Array, found ${found}`);
  }
  const own = new Uint8Array(bytes); // safe from changes by the caller
  try {
    return await decodeOurselves(own, options);
  } catch (error) {
    if (!inBrowser || !(error instanceof RanetError && error.code === "unsupported")) throw error;
    const image = await decodeByBrowser(new Blob([own]));
    if (!image) throw error;
    return image;
  }
}

async function decodeOurselves(bytes: Uint8Array<ArrayBuffer>, options: DecodeImageOptions): Promise<RgbImage> {
  const { source, onNote = console.warn } = options;
  const header = checkHeader(bytes, source);
  const { format } = header;
  const refuse = (reason: string, code: RanetErrorCode, cause?: unknown): never => {
    throw new RanetError(`${refusal(source)} ${reason}`, { code, cause });
  };
  if (format.endsWith("JPEG") && countScans(bytes) > MAX_SCANS) {
    refuse(`it has more than ${MAX_SCANS} scans`, "too-large");
  }
  if (format === "PNG" && await unpacksTooFar(bytes)) {
    refuse("its data unpack to more than its pixels need", "too-large");
  }
  try {
    const stored = await CODECS.get(format)!(bytes, header);
    if (format === "PNG" && lacksEnd(bytes)) {
      const name = JSON.stringify(source);
      onNote(`${name} lacks its last chunk (IEND): its pixels are all there, but it may have been cut short`);
    }
    return upright(cropped(stored, header.crop), header.orientation);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return refuse(`it is truncated or damaged${error.message && ` (${error.message})`}`, "damaged", error);
  }
}

/**
 * The pixels of a picture that the platform (browser or Deno) has decoded.
 *
 * @throws {RanetError} If they cannot be read.
 */
export async function decodePicture(image: Drawable, source: string): Promise<RgbImage> {
  const decoded = await decodedPicture(image, source);
  return decoded.kind === "pixels" ? decoded.image : await decodeOurselves(new Uint8Array(decoded.bytes), { source });
}

/** Whether a file that `decodeImage` refused made a decoder fail midway, which may leave data in its memory. */
export function keepsState({ cause }: RanetError): boolean {
  return cause instanceof DecodeError && !(cause instanceof OwnDecodeError);
}

function refusal(source: string): string {
  return `Cannot read image ${JSON.stringify(source)}:`;
}

/**
 * Checks a file's header before decoding it.
 *
 * @returns The contents of the header.
 * @throws {RanetError} If the first bytes are not those of an image, or the image is damaged or unsupported.
 */
export function checkHeader(bytes: Uint8Array, source: string): ImageHeader & Required<Pick<ImageHeader, "size">> {
  const refuse = (reason: string, code: RanetErrorCode): never => {
    throw new RanetError(`${refusal(source)} ${reason}`, { code });
  };
  const formats = "JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF and Netpbm are supported";
  if (bytes.length === 0) return refuse("the file is empty", "damaged");
  if (bytes.length > MAX_IMAGE_BYTES) {
    return refuse(`${bytes.length} bytes are more than ${MAX_IMAGE_BYTES}`, "too-large");
  }
  const header = readImageHeader(bytes);
  if (header === undefined) return refuse(`it is not an image (${formats})`, "unsupported");
  const { format, size, unsupported } = header;
  if (!CODECS.has(format)) {
    const convert = CONVERTERS.get(format);
    const advice = convert ? `; to convert it: ${convert}` : "";
    return refuse(`${format} is not supported (${formats})${advice}`, "unsupported");
  }
  if (size === undefined) return refuse(`it is truncated or damaged (the ${format} header is incomplete)`, "damaged");
  const [width, height] = size;
  if (width === 0 || height === 0) return refuse(`its header says ${width}×${height} pixels`, "damaged");
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
    return refuse(
      `${width}×${height} pixels are too many (up to ${MAX_SIDE} a side and ${MAX_PIXELS} in all)`,
      "too-large",
    );
  }
  if (unsupported !== undefined) return refuse(unsupported, "unsupported");
  return { ...header, size };
}
