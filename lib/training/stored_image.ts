/**
 * What is kept of a training image: bytes, from which each epoch's variation is made.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import type { DecoderPool } from "../data/decoder_pool.ts";
import type { RgbImage } from "../data/image.ts";
import { toPixels } from "../data/preprocess.ts";
import type { InputSpec } from "../network/common.ts";

/** The original, with its sides; or what the network sees of it: red, green and blue of the input's size. */
export type StoredImage = RgbImage | { readonly data: Uint8ClampedArray };

/** In which form images are stored: as they are, or resized and cropped to what the network takes. */
export type StoredForm = "original" | Pick<InputSpec, "size" | "resize">;

/** Reads an image of a data set in the form that it is stored in; `decoders`, if any, decode image files. */
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
