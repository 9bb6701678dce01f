/**
 * Checks the batches that trainers receive.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { areaOf } from "../network/size.ts";
import type { SecondLabels } from "./trainer.ts";

/**
 * Throws if a batch does not fit the network.
 *
 * @throws {RangeError} If there are no samples or more than `batch`, too few or too many numbers, an invalid label, or
 * a share that is not from 0 to 1.
 */
export function checkBatch(
  { features: [{ size, channels }], spec: { classes } }: Network,
  { images, labels, batchSize, second }: {
    readonly images: Float32Array;
    readonly labels: Uint32Array;
    readonly batchSize: number;
    readonly second?: SecondLabels;
  },
): void {
  const count = labels.length;
  if (count < 1 || count > batchSize) {
    throw new RangeError(`a step has ${count} samples, more than the batch size ${batchSize}`);
  }
  if (images.length !== count * channels * areaOf(size)) {
    throw new RangeError(
      `${images.length} numbers for ${count} images of ${channels} × ${size.height} × ${size.width}`,
    );
  }
  for (const list of [labels, ...second ? [second.labels] : []]) {
    for (const label of list) {
      if (label >= classes.length) {
        throw new RangeError(`label ${label} is invalid: there are ${classes.length} classes`);
      }
    }
  }
  if (!second) return;
  if (second.labels.length !== count || second.shares.length !== count) {
    throw new RangeError(
      `${second.labels.length} second labels and ${second.shares.length} shares for ${count} images`,
    );
  }
  for (const share of second.shares) {
    if (!(share >= 0 && share <= 1)) throw new RangeError(`the share of a second label is ${share}, expected 0 to 1`);
  }
}
