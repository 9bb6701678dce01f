/**
 * A training image as it is kept in memory: the bytes from which each epoch's augmented image is made.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import type { DecoderPool } from "../data/decoder_pool.ts";
import type { RgbImage } from "../data/image.ts";
import { toPixels } from "../data/preprocess.ts";
import type { InputSpec } from "../network/common.ts";

/** The original with its width and height, or red, green and blue at the network's input size. */
export type StoredImage = RgbImage | { readonly data: Uint8ClampedArray };

/** The form in which images are stored: unchanged, or resized and cropped to the network's input. */
export type StoredForm = "original" | Pick<InputSpec, "size" | "resize">;

/** Reads an image of a data set in the form in which it is stored. `decoders`, if given, decode image files. */
export async function readStored(
  dataset: Dataset,
  index: number,
  { form, decoders }: { readonly form: StoredForm; readonly decoders?: DecoderPool },
): Promise<StoredImage> {
  const file = decoders && await dataset.file?.(index);
  if (file) {
    const { bytes, source } = file;
    if (form === "original") return await decoders.image(bytes, { source });
    return { data: await decoders.pixels(bytes, { source, input: form }) };
  }
  const { image } = await dataset.read(index);
  return form === "original" ? image : { data: toPixels(image, form) };
}
