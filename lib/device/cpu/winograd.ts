/**
 * What is computed by Winograd's minimal filtering, kernels/convolution/winograd.as.
 *
 * @module
 */

import type { Convolution } from "../../network/network.ts";

/** Places of a patch of 4 × 4. */
export const PLACES = 16;

/** Patches that are taken at a time: whole register tiles. */
export const PATCHES = 24;

/** Whether it is worth its transformations: it does with fewer products. */
export function isWorthWinograd(
  { kernel, stride }: Pick<Convolution, "kernel" | "stride">,
  channels: { readonly inputs: number; readonly outputs: number },
): boolean {
  return kernel === 3 && stride === 1 && channels.inputs >= 12 && channels.outputs >= 8;
}
