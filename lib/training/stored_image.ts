/**
 * What is kept of a training image: bytes, from which each epoch's variation is made.
 *
 * @module
 */

import type { RgbImage } from "../data/image.ts";
import { toPixels } from "../data/preprocess.ts";
import type { InputSpec } from "../network/common.ts";

/** The original, with its sides; or what the network sees of it: red, green and blue of size × size pixels. */
export type StoredImage = RgbImage | { readonly data: Uint8ClampedArray };

/** In which form images are stored: as they are, or resized and cropped to what the network takes. */
export type StoredForm = "original" | Pick<InputSpec, "size" | "resize">;

/** Asks a worker for an image. */
export interface DecodeRequest {
  /** The file. */
  readonly path: string;
  /** What it is wanted as. */
  readonly form: StoredForm;
}

/** A worker's answer: the image, what is wrong with the file, or a mistake of ours. */
export type DecodeAnswer = { readonly stored: StoredImage } | { readonly bad: string } | { readonly defect: string };

/** Brings an image into the form that it is stored in. */
export function inForm(image: RgbImage, form: StoredForm): StoredImage {
  // Plain, to go from one thread to another: a decoder's image may be of a class of its own.
  if (form === "original") return { width: image.width, height: image.height, data: image.data };
  return { data: toPixels(image, form) };
}
