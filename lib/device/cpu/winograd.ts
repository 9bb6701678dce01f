/**
 * Decides what is computed by Winograd's minimal filtering (kernels/convolution/winograd.as).
 *
 * @module
 */

import type { Convolution } from "../../network/network.ts";
import type { Size } from "../../network/size.ts";

/** Places in a patch of 4 × 4. */
export const PLACES = 16;

/** Patches per group: whole register tiles. */
export const PATCHES = 24;

/** Patches per group of a weight gradient, and channels of its input that are computed together. */
export const [WEIGHT_PATCHES, WEIGHT_BLOCK] = [64, 48];

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

/** The same of the gradient of weights (kernels/convolution/winograd-weight-gradient.as). */
export function isWorthWinogradWeights(
  { kernel, stride, bias }: Pick<Convolution, "kernel" | "stride" | "bias">,
  { inputs, outputs, size }: { readonly inputs: number; readonly outputs: number; readonly size: Size },
): boolean {
  const isEven = outputs % 8 === 0 && size.height % 2 === 0 && size.width % 2 === 0;
  return kernel === 3 && stride === 1 && !bias && inputs >= 48 && outputs >= 24 && isEven;
}
