/**
 * Determines the fraction of its size at which a JPEG can be decoded, if a network's input is much smaller than the
 * photo.
 *
 * @module
 */
import type { InputSpec } from "../network/common.ts";
import { sizeOf } from "../network/size.ts";
import type { ImageHeader } from "./image_header.ts";
import { uprightSize } from "./orientation.ts";
import { isFrame, jpegSegments, MARKER } from "./jpeg_segments.ts";

/** How a JPEG can be decoded at a fraction of its size. */
export interface Reduction {
  /** Divisor of its sides: 2 is half size. */
  readonly by: 2 | 4;
  /** Memory in bytes that the decoder needs besides the file and the picture. */
  readonly memory: number;
}

/**
 * Smallest ratio of the reduced picture to the resized one. Pillow's documentation of `reducing_gap` says of 3: "the
 * result is indistinguishable from fair resampling in most cases".
 */
const GAP = 3;
/** Bytes per pixel of the coefficients of three colours, which the decoder keeps if there are several scans. */
const BYTES_PER_PIXEL = 6;
/** Frame marker of a baseline JPEG. */
const BASELINE = 0xc0;

/** How an image can be reduced before it is resized; `undefined` if all of its pixels are needed. */
export function reductionOf(
  bytes: Uint8Array,
  { format, size: [width, height], orientation = 1, crop }: ImageHeader & Required<Pick<ImageHeader, "size">>,
  { resize }: Pick<InputSpec, "resize">,
): Reduction | undefined {
  if (format !== "JPEG" || crop) return undefined;
  // A partial last column or row is at the right or bottom only if the picture is not rotated.
  const isWhole = (by: number) => orientation === 1 || (width % by === 0 && height % by === 0);
  // 1/8 is not used: each of its pixels is one coarsely quantized coefficient, and rounding halves up makes it brighter
  // by up to a quarter of a step.
  const [columns, rows] = uprightSize([width, height], orientation);
  const least = sizeOf(resize);
  const by = ([4, 2] as const).find((by) =>
    columns >= GAP * by * least.width && rows >= GAP * by * least.height && isWhole(by)
  );
  if (by === undefined) return undefined;
  return { by, memory: isOneScan(bytes) ? 0 : BYTES_PER_PIXEL * width * height };
}

/**
 * Whether a JPEG's first scan contains all components, so that it can be decoded in one pass without storing
 * coefficients.
 */
function isOneScan(bytes: Uint8Array): boolean {
  let components = 0;
  for (const { marker, payload } of jpegSegments(bytes)) {
    if (isFrame(marker)) components = marker === BASELINE ? bytes[payload + 5]! : 0;
    if (marker === MARKER.scan) return components > 0 && bytes[payload] === components;
  }
  return false;
}
