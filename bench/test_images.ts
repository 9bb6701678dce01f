/**
 * Reads a labelled test set into memory, in an order that is independent of classes, so that every prefix is representative.
 *
 * @module
 */

import { type Model, toTensor } from "../mod.ts";
import { inputLength } from "../lib/network/common.ts";
import { openDataset } from "../lib/data/open_dataset.ts";

/** Labelled images. */
export interface TestImages {
  /** The data set's name. */
  readonly name: string;
  /** Normalised images, one after another. */
  readonly images: Float32Array;
  /** Correct class of each image. */
  readonly labels: readonly number[];
}

/** Reads at most `limit` images of a data set. */
export async function readTestImages(path: string, model: Model, limit: number): Promise<TestImages> {
  const { input, classes } = model.spec;
  const dataset = await openDataset(path, { labels: classes, inputSize: input.size });
  const order = shuffled(dataset.size).slice(0, limit);
  const length = inputLength(input);
  const images = new Float32Array(order.length * length);
  const labels: number[] = [];
  for (const [i, index] of order.entries()) {
    const { image, label } = await dataset.read(index);
    images.set(toTensor(image, input), i * length);
    labels.push(label);
  }
  return { name: dataset.name, images, labels };
}

/** 0 … n − 1 in a fixed order: sorted by the fractional parts of multiples of the golden ratio. */
function shuffled(n: number): number[] {
  const key = (i: number) => i * 0.6180339887498949 % 1;
  return Array.from({ length: n }, (_, i) => i).sort((a, b) => key(a) - key(b));
}
