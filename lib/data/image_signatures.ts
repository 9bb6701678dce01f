/**
 * Recognises formats by the first bytes of a file, and TGA by the last.
 *
 * @module
 */

/** Common name of all camera raw formats. */
const CAMERA_RAW = "camera raw";

/** Signature bytes (as Latin-1) of each format, and their position in the file. The first match counts. */
const SIGNATURES: readonly (readonly [at: number, text: string | RegExp, format: string])[] = [
  [0, "\xff\xd8\xff", "JPEG"],
  [0, "\x89PNG\r\n\x1a\n", "PNG"],
  [8, "WEBP", "WebP"],
  [0, "GIF8", "GIF"],
  [0, "BM", "BMP"],
  [8, "CR\x02", CAMERA_RAW],
  [0, /^(?:II[*+]\0|MM\0[*+])/, "TIFF"],
  [4, "ftypavi", "AVIF"],
  [4, "ftypcrx", CAMERA_RAW],
  [4, /^ftyp(?:hei|hev|mif1|msf1)/, "HEIC"],
  [4, /^ftyp(?:jp2|jpx|jpm)/, "JPEG 2000"],
  [4, /^(?:ftyp|moov|mdat)/, "video"],
  [0, "\x1a\x45\xdf\xa3", "video"],
  [8, "AVI ", "video"],
  [0, /^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)?(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/i, "SVG"],
  [0, /^(?:\xef\xbb\xbf)?\s*<(?:!DOCTYPE html|html)[\s>]/i, "web page"],
  [0, "\xff\x0a", "JPEG XL"],
  [4, "JXL ", "JPEG XL"],
  [4, "jP  ", "JPEG 2000"],
  [0, "\xff\x4f\xff\x51", "JPEG 2000"],
  [0, "II\xbc", "JPEG XR"],
  [0, "\0\0\x01\0", "ICO"],
  [0, "\0\0\x02\0", "CUR"],
  [0, "icns", "ICNS"],
  [0, "8BPS", "Photoshop"],
  [0, "gimp xcf", "GIMP"],
  [0, "%PDF", "PDF"],
  [0, "%!PS", "PostScript"],
  [0, /^(?:IIU\0|IIR[OS]|MMOR|FUJIFILMCCD-RAW|FOVb|\0MRM)/, CAMERA_RAW],
  [0, "\x76\x2f\x31\x01", "OpenEXR"],
  [0, "#?R", "Radiance HDR"],
  [0, /^P[1-6]\s/, "Netpbm"],
  [0, /^P7\s/, "PAM"],
  [0, /^P[Ff]\s/, "PFM"],
  [0, "qoif", "QOI"],
  [0, "DDS ", "DDS"],
  [0, "\x0a\x05\x01\x08", "PCX"],
  [0, "\x59\xa6\x6a\x95", "Sun raster"],
  [0, "\x01\xda", "SGI"],
  [0, "SIMPLE  =", "FITS"],
  [128, "DICM", "DICOM"],
  [0, "\x93NUMPY", "NumPy array"],
  [0, "PK\x03\x04", "ZIP archive"],
];
/** Bytes within which every signature ends. */
const START = 512;

/**
 * Recognises a file's format.
 *
 * @returns The format's usual name, also of formats that are not decoded; `undefined` for an unknown format.
 */
export function recogniseFormat(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, START));
  const format = SIGNATURES.find(([at, text]) =>
    typeof text === "string" ? start.startsWith(text, at) : text.test(start.slice(at))
  )?.[2];
  if (format === "HEIC" && start.slice(0, BRANDS).includes("avif")) return "AVIF"; // AVIF may be a later brand
  if (format === "BMP" && !isBmpHeader(bytes)) return undefined; // a text that begins with BM
  // TGA files may begin with the same four bytes, but an icon or cursor has at least one picture.
  const isEmpty = (format === "ICO" || format === "CUR") && bytes[4] === 0 && bytes[5] === 0;
  if (format !== undefined && !isEmpty) return format;
  return isTga(bytes) ? "TGA" : undefined;
}

/** Last bytes of a TGA file of version 2. Those of version 1 have no signature. */
const TGA_END = "TRUEVISION-XFILE.\0";

function isTga(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(-TGA_END.length)) === TGA_END;
}

/** Bytes within which HEIF's brands end. */
const BRANDS = 64;
/** Shortest and longest BMP header in bytes. */
const [SHORTEST, LONGEST] = [12, 124];

function isBmpHeader(bytes: Uint8Array): boolean {
  const [a = 0, ...rest] = bytes.subarray(14, 18);
  return a >= SHORTEST && a <= LONGEST && rest.length === 3 && rest.every((byte) => byte === 0);
}
