/** Activations and their slopes, as defined, for kernels to be held against. @module */

import fc from "fast-check";
import { type Activation, ACTIVATIONS, type Gate, GATES } from "../../lib/network/activation.ts";

/** Any of them. */
export const activations: fc.Arbitrary<Activation> = fc.constantFrom(...ACTIVATIONS);
/** Those that a convolution without batch norm may end in where it is trained. */
export const plainActivations: fc.Arbitrary<Activation> = fc.constantFrom<Activation>("none", "relu");

/** Any gate. */
export const gates: fc.Arbitrary<Gate> = fc.constantFrom(...GATES);

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** What comes of a number. */
export function activate(x: number, activation: Activation): number {
  switch (activation) {
    case "none":
      return x;
    case "relu":
      return Math.max(0, x);
    case "hard-swish":
      return x * Math.min(Math.max(x + 3, 0), 6) / 6;
    case "silu":
      return x * sigmoid(x);
  }
}

/** How fast that changes with the number. */
export function slope(x: number, activation: Activation): number {
  switch (activation) {
    case "none":
      return 1;
    case "relu":
      return Number(x > 0);
    case "hard-swish":
      return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
    case "silu":
      return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
  }
}

/** The gate that comes of a number. */
export function gateOf(x: number, gate: Gate): number {
  switch (gate) {
    case "sigmoid":
      return sigmoid(x);
    case "hard-sigmoid":
      return Math.min(Math.max(x + 3, 0), 6) / 6;
  }
}

/** How fast that changes with the number. */
export function gateSlope(x: number, gate: Gate): number {
  switch (gate) {
    case "sigmoid":
      return sigmoid(x) * (1 - sigmoid(x));
    case "hard-sigmoid":
      return x > -3 && x < 3 ? 1 / 6 : 0;
  }
}
