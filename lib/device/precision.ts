/**
 * How weights are stored on a device.
 *
 * @module
 */

import { RanetError } from "../errors.ts";

/**
 * `float32`; or `float16`: in half the memory, each weight (batch norm folded in) rounded to 11 bits. Activations and
 * arithmetic are float32 in both.
 */
export type Precision = "float32" | "float16";

/**
 * Rounds weights in place to what float16 can hold.
 *
 * @throws {RanetError} If a weight is too large for it.
 */
export function roundToFloat16(values: Float32Array): void {
  values.forEach((value, i) => {
    const rounded = Math.f16round(value);
    if (!Number.isFinite(rounded) && Number.isFinite(value)) {
      throw new RanetError(
        `Cannot store the weights as float16: one is ${value} with batch norm folded in, and the largest number there ` +
          `is 65504. Use float32.`,
      );
    }
    values[i] = rounded;
  });
}
