/** Activations, gates and their derivatives by definition, to test kernels against. @module */

import fc from "fast-check";
import { type Activation, ACTIVATIONS, type Gate, GATES } from "../../lib/network/activation.ts";

/** Activations. */
export const activations: fc.Arbitrary<Activation> = fc.constantFrom(...ACTIVATIONS);
/** Activations that a convolution without batch norm may have in training. */
export const plainActivations: fc.Arbitrary<Activation> = fc.constantFrom<Activation>("none", "relu");

/** Gates. */
export const gates: fc.Arbitrary<Gate> = fc.constantFrom(...GATES);

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The activation of a number. */
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

/** The derivative of the activation. */
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

/** The gate's value for a number. */
export function gateOf(x: number, gate: Gate): number {
  switch (gate) {
    case "sigmoid":
      return sigmoid(x);
    case "hard-sigmoid":
      return Math.min(Math.max(x + 3, 0), 6) / 6;
  }
}

/** The derivative of the gate. */
export function gateSlope(x: number, gate: Gate): number {
  switch (gate) {
    case "sigmoid":
      return sigmoid(x) * (1 - sigmoid(x));
    case "hard-sigmoid":
      return x > -3 && x < 3 ? 1 / 6 : 0;
  }
}
