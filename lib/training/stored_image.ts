/**
 * Training images in memory, from which each epoch's augmented image is made.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import { RanetError } from "../errors.ts";
import { arrayPlanes, isArray } from "../data/arrays.ts";
import { decodeImage } from "../data/decode.ts";
import type { DecoderPool } from "../data/decoder_pool.ts";
import type { RgbImage } from "../data/image.ts";
import { checkTakesImages, toPixels } from "../data/preprocess.ts";
import type { InputSpec } from "../network/common.ts";

/**
 * The original with its width and height; or, at the network's input size, red, green and blue, or the planes of an
 * array.
 */
export type StoredImage = RgbImage | { readonly data: Uint8ClampedArray | Float32Array };

/** The form in which images are stored: unchanged, or resized and cropped to the network's input. */
export type StoredForm = "original" | Pick<InputSpec, "size" | "resize">;

/** How images are stored. */
export interface StoredHow {
  /** The form in which images are stored. */
  readonly form: StoredForm;
  /** Decodes image files. Default: the calling thread. */
  readonly decoders?: DecoderPool;
  /** Number of the network's input channels. Default: 3. */
  readonly channels?: number;
}

/** Reads an image of a data set in the form in which it is stored. `decoders`, if given, decode image files. */
export async function readStored(
  dataset: Dataset,
  index: number,
  { form, decoders, channels = 3 }: StoredHow,
): Promise<StoredImage> {
  const file = await dataset.file?.(index);
  if (file && isArray(file.bytes, channels)) {
    const { bytes, source } = file;
    if (form === "original") {
      throw new RanetError(
        `Cannot use ${JSON.stringify(source)}: resized crops need images; for arrays use augment.crop`,
      );
    }
    return { data: arrayPlanes(bytes, { source, channels, form }) };
  }
  checkTakesImages(channels);
  if (file && decoders) {
    const { bytes, source } = file;
    if (form === "original") return await decoders.image(bytes, { source });
    return { data: await decoders.pixels(bytes, { source, input: form }) };
  }
  const image = file ? await decodeImage(file.bytes, { source: file.source }) : (await dataset.read(index)).image;
  return form === "original" ? image : { data: toPixels(image, form) };
}
