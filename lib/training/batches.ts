/**
 * The batches of an epoch: the images of each, and their tensors, which are prepared while the network trains on
 * earlier ones.
 *
 * @module
 */

import { mapAhead } from "../io/ahead.ts";
import type { Normaliser } from "../data/preprocess.ts";
import { RanetError } from "../errors.ts";
import type { SecondLabels } from "../device/trainer.ts";
import { cropPixels, cropPlanes, eraseBox, resizedCropPixels, variationStream } from "./augment.ts";
import { areaOf, type Size } from "../network/size.ts";
import type { ImageStore } from "./image_store.ts";
import { mixBatch } from "./mix.ts";
import { PURPOSE, randomStream, shuffle } from "./random.ts";
import { batchResizer } from "./sizes.ts";
import type { Recipe } from "./recipe.ts";
import type { StoredImage } from "./stored_image.ts";
import { trivialAugment } from "./trivial_augment.ts";

/** Images ready for a step. */
export interface ImageBatch {
  /** Normalised images, `N × channels × height × width`. */
  readonly images: Float32Array;
  /** Their classes. */
  readonly labels: Uint32Array;
  /** Second classes and their shares, if images are mixed. */
  readonly second?: SecondLabels;
}

/** The source of batches. */
export interface BatchSource {
  /** The images. */
  readonly store: ImageStore;
  /** Height and width of the network's input. */
  readonly size: Size;
  /** Channels of the network's input. */
  readonly channels: number;
  /** Converts pixels to tensors. */
  readonly normalise: Normaliser;
  /**
   * Called with the reason why an image cannot be read; the image is left out. Without it, the first such image throws.
   */
  readonly onBad?: (message: string) => void;
}

/** Number of batches that are prepared in advance. */
const AHEAD = 2;

/**
 * Steps in an epoch. The last batch may be smaller, but a single remaining image is not used, because batch norm needs
 * a variance.
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
 * Prepares the batches of an epoch.
 *
 * @param source The source of images.
 * @param recipe How they are ordered and varied.
 * @param options `epoch`, from 0; `from`: the first batch; `to`: one more than the last batch; `size`: height and width
 * of the prepared images, to which augmented ones are scaled, by default that of the source.
 * @throws {RanetError} If an image cannot be read and there is no `onBad`.
 */
export async function* epochBatches(
  source: BatchSource,
  recipe: Recipe,
  options: { readonly epoch: number; readonly from: number; readonly to: number; readonly size?: Size },
): AsyncGenerator<ImageBatch> {
  const { epoch, from, to, size = source.size } = options;
  const order = epochOrder(source.store.usable, recipe, epoch);
  const resize = batchResizer(source.size, size);
  const batches = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  yield* mapAhead(batches, AHEAD, async (batch) => {
    const made = await makeBatch(
      source,
      order.subarray(batch * recipe.batch, (batch + 1) * recipe.batch),
      (image, index, planes) => vary(image, planes, { source, recipe, epoch, index }),
    );
    const mixing = recipe.augment && recipe.augment.mix;
    const second = mixing
      ? mixBatch(made, mixing, source.size, randomStream(recipe.seed, PURPOSE.mix, epoch, batch))
      : undefined;
    return { ...made, images: resize(made.images), second };
  });
}

/**
 * Prepares one batch.
 *
 * @param indexes Indexes of the images.
 * @param write Writes a normalised image, made from the stored one. Default: without augmentation.
 */
export async function makeBatch(
  { store, size, channels, normalise, onBad }: BatchSource,
  indexes: Uint32Array,
  write: (image: StoredImage, index: number, planes: Float32Array) => void = ({ data }, _, planes) =>
    normalise(data, planes),
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
  if (good.length === 0) throw new RanetError("Cannot continue: none of the images of a batch can be read");
  const length = channels * areaOf(size);
  const images = new Float32Array(good.length * length);
  good.forEach((i, sample) => {
    write(stored[i]!, indexes[i], images.subarray(sample * length, (sample + 1) * length));
  });
  return { images, labels: Uint32Array.from(good, (i) => store.labels[indexes[i]]) };
}

/** Writes an augmented version of an image. */
function vary(
  image: StoredImage,
  planes: Float32Array,
  { source: { size, normalise }, recipe: { augment, seed }, ...which }: {
    readonly source: BatchSource;
    readonly recipe: Recipe;
    readonly epoch: number;
    readonly index: number;
  },
): void {
  if (!augment) return normalise(image.data, planes);
  const random = variationStream({ seed, ...which });
  if (image.data instanceof Float32Array) {
    if (augment.trivial) {
      throw new RanetError("Cannot apply augment.trivial to arrays, because it changes colours: leave it out");
    }
    normalise(cropPlanes(image.data, size, augment, random), planes);
  } else {
    const placed = "width" in image
      ? resizedCropPixels(image, size, augment, random)
      : cropPixels(image.data, size, augment, random);
    normalise(augment.trivial ? trivialAugment(placed, size, random) : placed, planes);
  }
  if (augment.erase && random() < augment.erase) eraseBox(planes, size, random);
}
