/**
 * Activations and gates.
 *
 * @module
 */

/** Activations in the order of their codes in kernels: x, max(x, 0), x · min(max(x + 3, 0), 6) / 6, x / (1 + e^−x). */
export const ACTIVATIONS: readonly Activation[] = ["none", "relu", "hard-swish", "silu"];

/** Name of an activation. */
export type Activation = "none" | "relu" | "hard-swish" | "silu";

/** Gates in the order of their codes in kernels: 1 / (1 + e^−x), min(max(x + 3, 0), 6) / 6. */
export const GATES: readonly Gate[] = ["sigmoid", "hard-sigmoid"];

/** Name of a gate, a function that maps numbers to [0, 1]. */
export type Gate = "sigmoid" | "hard-sigmoid";

/** Computes a gate. */
export function gateOf(gate: Gate, x: number): number {
  switch (gate) {
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "hard-sigmoid":
      return Math.min(Math.max(x + 3, 0), 6) / 6;
  }
}

/** Code of a gate in kernels. */
export function gateCode(gate: Gate): number {
  return GATES.indexOf(gate);
}

/** Code of an activation in kernels. */
export function activationCode(activation: Activation): number {
  return ACTIVATIONS.indexOf(activation);
}
