/**
 * Writes images in the arena's layout.
 *
 * @module
 */

import { areaOf } from "../../network/size.ts";
import type { Region } from "../../planner/plan.ts";

/** Converts planes, channels × height × width, to pixels. The lanes that pad channels are not changed. */
export function writeImage(image: Float32Array, region: Region, arena: Float32Array): void {
  const { size, channels, pitch } = region;
  const pixels = areaOf(size);
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      arena[pixel * 4 * pitch + channel] = image[channel * pixels + pixel];
    }
  }
}
