/**
 * The batches of an epoch: which images are in each, and their tensors, made while the network trains on those before.
 *
 * @module
 */

import { mapAhead } from "../io/ahead.ts";
import type { Normaliser } from "../data/preprocess.ts";
import { RanetError } from "../errors.ts";
import { areaOf, type Size } from "../network/size.ts";
import { cropPixels, resizedCropPixels, variationStream } from "./augment.ts";
import type { ImageStore } from "./image_store.ts";
import { PURPOSE, randomStream, shuffle } from "./random.ts";
import type { Recipe } from "./recipe.ts";
import type { StoredImage } from "./stored_image.ts";

/** Images ready for a step. */
export interface ImageBatch {
  /** Normalised images, `N × channels × height × width`. */
  readonly images: Float32Array;
  /** Their classes. */
  readonly labels: Uint32Array;
}

/** Where batches come from. */
export interface BatchSource {
  /** The images. */
  readonly store: ImageStore;
  /** Height and width of the network's input. */
  readonly size: Size;
  /** Channels of the network's input. */
  readonly channels: number;
  /** Makes tensors of pixels. */
  readonly normalise: Normaliser;
  /** Told what is wrong with an image that turns out bad, which is left out; without it, it throws. */
  readonly onBad?: (message: string) => void;
}

/** Batches that are made ahead. */
const AHEAD = 2;

/**
 * Steps in an epoch. The last batch may be smaller; a single image that is left over is not trained on, for there is no
 * variance of one.
 */
export function stepsPerEpoch(images: number, batch: number): number {
  return Math.floor(images / batch) + Number(images % batch > 1);
}

/** The images of an epoch, in order. */
export function epochOrder(usable: Uint32Array, recipe: Pick<Recipe, "shuffle" | "seed">, epoch: number): Uint32Array {
  const order = usable.slice();
  if (recipe.shuffle) shuffle(order, randomStream(recipe.seed, PURPOSE.order, epoch));
  return order;
}

/**
 * Makes the batches of an epoch.
 *
 * @param source Where images come from.
 * @param recipe How they are ordered and varied.
 * @param options `epoch`, from 0; `from`: the first batch wanted; `to`: the batch behind the last.
 * @throws {RanetError} If an image is bad, without `onBad`.
 */
export async function* epochBatches(
  source: BatchSource,
  recipe: Recipe,
  options: { readonly epoch: number; readonly from: number; readonly to: number },
): AsyncGenerator<ImageBatch> {
  const { epoch, from, to } = options;
  const order = epochOrder(source.store.usable, recipe, epoch);
  const batches = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  yield* mapAhead(batches, AHEAD, (batch) =>
    makeBatch(
      source,
      order.subarray(batch * recipe.batch, (batch + 1) * recipe.batch),
      (image, index) => vary(image, source.size, recipe, { epoch, index }),
    ));
}

/**
 * Makes one batch.
 *
 * @param indexes Which images.
 * @param pixelsOf Makes red, green and blue of the network's input size from what is stored.
 */
export async function makeBatch(
  { store, size, channels, normalise, onBad }: BatchSource,
  indexes: Uint32Array,
  pixelsOf: (image: StoredImage, index: number) => ArrayLike<number> = ({ data }) => data,
): Promise<ImageBatch> {
  const stored = await Promise.all(Array.from(indexes, async (index) => {
    try {
      return await store.image(index);
    } catch (error) {
      if (!(error instanceof RanetError) || !onBad) throw error;
      onBad(error.message);
    }
  }));
  const good = [...stored.keys()].filter((i) => stored[i]);
  if (good.length === 0) throw new RanetError("Cannot go on: none of a batch's images can be read");
  const length = channels * areaOf(size);
  const images = new Float32Array(good.length * length);
  good.forEach((i, sample) => {
    normalise(pixelsOf(stored[i]!, indexes[i]), images.subarray(sample * length, (sample + 1) * length));
  });
  return { images, labels: Uint32Array.from(good, (i) => store.labels[indexes[i]]) };
}

function vary(
  image: StoredImage,
  size: Size,
  { augment, seed }: Recipe,
  which: { readonly epoch: number; readonly index: number },
): ArrayLike<number> {
  if (!augment) return image.data;
  const random = variationStream({ seed, ...which });
  if ("width" in image) return resizedCropPixels(image, size, augment, random);
  return cropPixels(image.data, size, augment, random);
}
