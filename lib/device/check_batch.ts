/**
 * What every trainer asks of a batch.
 *
 * @module
 */

import type { Network } from "../network/network.ts";
import { areaOf } from "../network/size.ts";

/**
 * Refuses a batch that is not the network's.
 *
 * @throws {RangeError} If there are no samples or more than `batch`, too few or too many numbers, or a label that is no class.
 */
export function checkBatch(
  { features: [{ size, channels }], spec: { classes } }: Network,
  { images, labels, batch }: { readonly images: Float32Array; readonly labels: Uint32Array; readonly batch: number },
): void {
  const count = labels.length;
  if (count < 1 || count > batch) throw new RangeError(`a step of ${count} samples where there is room for ${batch}`);
  if (images.length !== count * channels * areaOf(size)) {
    throw new RangeError(
      `${images.length} numbers for ${count} images of ${channels} × ${size.height} × ${size.width}`,
    );
  }
  for (const label of labels) {
    if (label >= classes.length) throw new RangeError(`label ${label} where there are ${classes.length} classes`);
  }
}
