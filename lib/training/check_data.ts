/**
 * Checks whether data sets can be used for training.
 *
 * @module
 */

import type { Dataset } from "../data/dataset.ts";
import { listLabels } from "../data/labels.ts";
import { RanetError } from "../errors.ts";

/**
 * Counts images by class.
 *
 * @param labels The class of each image.
 * @param classes Number of classes.
 */
export function countClasses(labels: ArrayLike<number>, classes: number): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
  return counts;
}

/**
 * Checks that a network can learn from images of these classes.
 *
 * @param counts Images of each class (see {@linkcode countClasses}).
 * @param options `classes`: their labels; `batch`: images in a step.
 * @returns A warning about classes without images, if there are any.
 * @throws {RanetError} If all images are of one class, or there are fewer images than in a batch.
 */
export function checkClasses(
  counts: readonly number[],
  { classes, batch }: { readonly classes: readonly string[]; readonly batch: number },
): string | undefined {
  const images = counts.reduce((sum, count) => sum + count, 0);
  const present = classes.filter((_, label) => counts[label] > 0);
  if (images === 0) throw new RanetError("Cannot train: there are no images to train on");
  if (present.length === 1) {
    throw new RanetError(
      `Cannot train: all ${images} images are of one class, ${present[0]}; expected images of at least two`,
    );
  }
  if (images < batch) {
    throw new RanetError(
      `Cannot train: the batch size is ${batch}, but there are only ${images} images; use a smaller batch, or a recipe for ` +
        "few images, which starts from trained weights",
      { remedy: [{ batch: images }, { init: "MODEL", recipe: "few-images" }] },
    );
  }
  const absent = classes.filter((_, label) => counts[label] === 0);
  if (absent.length === 0) return undefined;
  return `There are no training images of ${absent.length} of ${classes.length} classes: ${listLabels(absent)}`;
}

/**
 * Checks that no image is in both the training and the validation set. Links are followed.
 *
 * @throws {RanetError} If an image is in both.
 */
export function checkOverlap(training: Dataset, validation: Dataset): void {
  const real = new Map<string, string>();
  const placeOf = (dataset: Dataset, index: number): string => {
    const [, file, record = ""] = /^(.*?)(#\d+)?$/s.exec(dataset.origin(index))!;
    if (!real.has(file)) real.set(file, realPath(file));
    return real.get(file)! + record;
  };
  const places = (dataset: Dataset) => Array.from({ length: dataset.size }, (_, index) => placeOf(dataset, index));
  const trained = new Set(places(training));
  const both = places(validation).filter((place) => trained.has(place));
  if (both.length === 0) return;
  throw new RanetError(
    `Cannot validate on images that are trained on: ${both.length} of the ${validation.size} validation images are ` +
      `also in the training data, such as ${JSON.stringify(both[0])}. Without validation images, some are set aside.`,
  );
}

/** The path after following links. Files that do not exist are reported when they are read. */
function realPath(file: string): string {
  try {
    return Deno.realPathSync(file); // of 100,000 files, the asynchronous one takes minutes
  } catch {
    return file;
  }
}
