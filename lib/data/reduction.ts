/**
 * At which part of its size a JPEG need only be decoded, where a network sees few of a large photo's pixels.
 *
 * @module
 */
import type { InputSpec } from "../network/common.ts";
import { sizeOf } from "../network/size.ts";
import type { ImageHeader } from "./image_header.ts";
import { uprightSize } from "./orientation.ts";
import { isFrame, jpegSegments, MARKER } from "./jpeg_segments.ts";

/** How a JPEG can be decoded at a part of its size. */
export interface Reduction {
  /** Which part of its sides is decoded: 2 is a half. */
  readonly by: 2 | 4;
  /** Bytes that the decoder takes besides the file and the picture. */
  readonly memory: number;
}

/**
 * How much larger than the resized picture a reduced one is at least. Pillow's `reducing_gap` says of 3: "the result is
 * indistinguishable from fair resampling in most cases".
 */
const GAP = 3;
/** Bytes per pixel of the frequencies of three colours, which are kept where they come in several scans. */
const BYTES_PER_PIXEL = 6;
/** The frame of a baseline JPEG. */
const BASELINE = 0xc0;

/** How an image can be reduced before it is resized; undefined where all of its pixels are needed. */
export function reductionOf(
  bytes: Uint8Array,
  { format, size: [width, height], orientation = 1, crop }: ImageHeader & Required<Pick<ImageHeader, "size">>,
  { resize }: Pick<InputSpec, "resize">,
): Reduction | undefined {
  if (format !== "JPEG" || crop) return undefined;
  // A last column or row that stands for a part of one is right or below only in pictures that are not turned.
  const isWhole = (by: number) => orientation === 1 || (width % by === 0 && height % by === 0);
  // At 1/8, whose pixels are single numbers of few steps, halves are rounded up: it is brighter, by up to a quarter of a step.
  const [columns, rows] = uprightSize([width, height], orientation);
  const least = sizeOf(resize);
  const by = ([4, 2] as const).find((by) =>
    columns >= GAP * by * least.width && rows >= GAP * by * least.height && isWhole(by)
  );
  if (by === undefined) return undefined;
  return { by, memory: isOneScan(bytes) ? 0 : BYTES_PER_PIXEL * width * height };
}

/** Whether a JPEG's first scan has all that there is of its pixels: of each part, as it comes, a picture can be made. */
function isOneScan(bytes: Uint8Array): boolean {
  let components = 0;
  for (const { marker, payload } of jpegSegments(bytes)) {
    if (isFrame(marker)) components = marker === BASELINE ? bytes[payload + 5]! : 0;
    if (marker === MARKER.scan) return components > 0 && bytes[payload] === components;
  }
  return false;
}
