/**
 * Images in the arena's layout.
 *
 * @module
 */

import type { Region } from "../planner/plan.ts";

/** From planes `3 × size × size` to pixels of one quad each. */
export function imageToArena(image: Float32Array, region: Region): Float32Array<ArrayBuffer> {
  const { size, channels, pitch } = region;
  const pixels = size ** 2;
  const arena = new Float32Array(pixels * 4 * pitch);
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      arena[pixel * 4 * pitch + channel] = image[channel * pixels + pixel];
    }
  }
  return arena;
}
