/**
 * Sets images aside for validation.
 *
 * @module
 */

import { FEWEST_SAMPLES } from "../calibration/samples.ts";
import type { Dataset } from "../data/dataset.ts";
import { subset } from "../data/subset.ts";
import { PURPOSE, randomStream, shuffle } from "./random.ts";
import { expectObject } from "../text/expect.ts";

/** Share of each class that is set aside. */
const SHARE = 0.1;
/** With few images, more are set aside, up to this total, so that temperatures and thresholds are reliable. */
const FEW = 50;
/** Largest share of few images that is set aside. */
const MOST_SHARE = 0.2;
/** Largest share that is set aside if fitting temperatures and thresholds needs that many images. */
const MOST_SHARE_TO_FIT = 0.25;

/** A data set in two parts. */
export interface Split {
  /** Images to train on. */
  readonly training: Dataset;
  /** Images set aside. */
  readonly validation: Dataset;
}

/** Options of {@linkcode splitDataset}. */
export interface SplitOptions {
  /** Seed of the random choice. */
  readonly seed: number;
  /**
   * The smallest number of images of a class to set aside, limited to half of them.
   *
   * @default {1}
   */
  readonly least?: number;
}

/**
 * Sets aside a tenth of each class at random, and at least one image of a class that has two. With fewer than
 * 500 images it sets aside more, up to a fifth, to reach 50 images; with 80 to 99 images, the 20 that calibration needs.
 *
 * @param dataset The data set to divide.
 * @param options The seed, and the smallest number of images per class.
 * @returns Two data sets that together are the original one, each in its order.
 * @throws {RanetError} If a label is not among the model's.
 *
 * @example
 * ```ts ignore
 * import { openDataset, splitDataset } from "@ranet/ranet/train";
 *
 * const photos = await openDataset("photos", { labels: ["cat", "dog"], inputSize: 32 });
 * const { training, validation } = await splitDataset(photos, { seed: 0 });
 * ```
 */
export async function splitDataset(dataset: Dataset, options: SplitOptions): Promise<Split> {
  expectObject("splitDataset", { dataset }, "size", "labels");
  expectObject("splitDataset", { options }, "seed");
  const { least = 1 } = options;
  const byClass = new Map<number, number[]>();
  Array.from(await dataset.labels()).forEach((label, index) => {
    if (!byClass.has(label)) byClass.set(label, []);
    byClass.get(label)!.push(index);
  });
  const share = shareOf(dataset.size);
  const aside = new Set<number>();
  for (const [label, indexes] of byClass) {
    const order = Uint32Array.from(indexes);
    shuffle(order, randomStream(options.seed, PURPOSE.split, label));
    const half = Math.floor(indexes.length / 2);
    const count = Math.min(half, Math.max(least, countOf(share, indexes.length)));
    for (const index of order.subarray(0, count)) aside.add(index);
  }
  const all = Array.from({ length: dataset.size }, (_, index) => index);
  return {
    training: subset(dataset, all.filter((index) => !aside.has(index))),
    validation: subset(dataset, all.filter((index) => aside.has(index))),
  };
}

function shareOf(size: number): number {
  const toFit = FEWEST_SAMPLES / size;
  const most = toFit <= MOST_SHARE_TO_FIT ? Math.max(MOST_SHARE, toFit) : MOST_SHARE;
  return Math.max(SHARE, Math.min(most, FEW / size));
}

/**
 * Number of images to set aside. For a share above a fifth it is rounded up, because with one image too few,
 * calibration would be impossible.
 */
function countOf(share: number, images: number): number {
  return share > MOST_SHARE ? Math.ceil(share * images - 1e-9) : Math.round(share * images);
}
