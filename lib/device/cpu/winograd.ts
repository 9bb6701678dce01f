/**
 * Decides what is computed by Winograd's minimal filtering (kernels/convolution/winograd.as).
 *
 * @module
 */

import type { Convolution } from "../../network/network.ts";

/** Places in a patch of 4 × 4. */
export const PLACES = 16;

/** Patches per group: whole register tiles. */
export const PATCHES = 24;

/** Whether the saving in products is worth the transformations. */
export function isWorthWinograd(
  { kernel, stride }: Pick<Convolution, "kernel" | "stride">,
  channels: { readonly inputs: number; readonly outputs: number },
): boolean {
  return kernel === 3 && stride === 1 && channels.inputs >= 12 && channels.outputs >= 8;
}

/** The same with a stride of 2 (kernels/convolution/strided-winograd.as), which saves less. */
export function isWorthStridedWinograd(
  { kernel, stride }: Pick<Convolution, "kernel" | "stride">,
  channels: { readonly inputs: number; readonly outputs: number },
): boolean {
  return kernel === 3 && stride === 2 && channels.inputs * channels.outputs >= 4096;
}
