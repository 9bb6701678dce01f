/**
 * What comes last in a layer, number by number.
 *
 * @module
 */

/** Activations, numbered as kernels number them: max(x, 0), x · min(max(x + 3, 0), 6) / 6, x / (1 + e^−x). */
export const ACTIVATIONS: readonly Activation[] = ["none", "relu", "hard-swish", "silu"];

/** One of them. */
export type Activation = "none" | "relu" | "hard-swish" | "silu";

/** Its number. */
export function activationCode(activation: Activation): number {
  return ACTIVATIONS.indexOf(activation);
}
