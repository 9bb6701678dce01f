/**
 * Checks the batches that trainers receive.
 *
 * @module
 */

import type { Network } from "../network/network.ts";

/**
 * Throws if a batch does not fit the network.
 *
 * @throws {RangeError} If there are no samples or more than `batch`, too few or too many numbers, or an invalid label.
 */
export function checkBatch(
  { features: [{ size, channels }], spec: { classes } }: Network,
  { images, labels, batch }: { readonly images: Float32Array; readonly labels: Uint32Array; readonly batch: number },
): void {
  const count = labels.length;
  if (count < 1 || count > batch) throw new RangeError(`a step of ${count} samples where there is room for ${batch}`);
  if (images.length !== count * channels * size ** 2) {
    throw new RangeError(`${images.length} numbers for ${count} images of ${channels} × ${size} × ${size}`);
  }
  for (const label of labels) {
    if (label >= classes.length) throw new RangeError(`label ${label} where there are ${classes.length} classes`);
  }
}
