/**
 * What comes last in a layer, number by number.
 *
 * @module
 */

/** Activations, numbered as kernels number them: max(x, 0), x · min(max(x + 3, 0), 6) / 6, x / (1 + e^−x). */
export const ACTIVATIONS: readonly Activation[] = ["none", "relu", "hard-swish", "silu"];

/** One of them. */
export type Activation = "none" | "relu" | "hard-swish" | "silu";

/** Gates, numbered as kernels number them: 1 / (1 + e^−x), min(max(x + 3, 0), 6) / 6. */
export const GATES: readonly Gate[] = ["sigmoid", "hard-sigmoid"];

/** What a number is made a share of 1 by. */
export type Gate = "sigmoid" | "hard-sigmoid";

/** The gate that is made from a number. */
export function gateOf(gate: Gate, x: number): number {
  switch (gate) {
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "hard-sigmoid":
      return Math.min(Math.max(x + 3, 0), 6) / 6;
  }
}

/** A gate's number. */
export function gateCode(gate: Gate): number {
  return GATES.indexOf(gate);
}

/** An activation's number. */
export function activationCode(activation: Activation): number {
  return ACTIVATIONS.indexOf(activation);
}
