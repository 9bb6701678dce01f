/**
 * Precisions of weights on a device.
 *
 * @module
 */

import { RanetError } from "../errors.ts";
import type { FoldedWeights } from "../weights/fold.ts";
import { roundToHalf } from "../weights/half.ts";

/**
 * `float32`, or `float16`, which takes half the memory and rounds each weight (after folding batch norm) to 11 bits.
 * Activations and arithmetic are float32 in both.
 */
export type Precision = "float32" | "float16";
/** Precision of a model. `int8` is only for quantized models, which support no other. */
export type ModelPrecision = Precision | "int8";
/** All precisions. */
export const MODEL_PRECISIONS: readonly ModelPrecision[] = ["float32", "float16", "int8"];
/** Precisions of floating-point models. */
export const PRECISIONS: readonly Precision[] = ["float32", "float16"];

/**
 * Rounds weights to a precision.
 *
 * @throws {RanetError} If a weight is too large for it.
 */
export function roundWeights(weights: FoldedWeights, precision: Precision): FoldedWeights {
  if (precision === "float32") return weights;
  return new Map(Array.from(weights, ([name, { weight, bias, ...rest }]) => [
    name,
    { ...rest, weight: roundToFloat16(weight), bias: roundToFloat16(bias) },
  ]));
}

function roundToFloat16(values: Float32Array): Float32Array {
  return values.map((value) => {
    const rounded = roundToHalf(value);
    if (!Number.isFinite(rounded) && Number.isFinite(value)) {
      throw new RanetError(
        `Cannot store the weights as float16: one is ${value} with batch norm folded in, and the largest number there ` +
          `is 65504. Use float32.`,
        { code: "too-large", remedy: { precision: "float32" } },
      );
    }
    return rounded;
  });
}
