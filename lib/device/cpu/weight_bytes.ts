/**
 * How much memory a plan's weights take as the CPU's kernels read them, without the weights.
 *
 * @module
 */

import { type Plan, quadsOf, type Step } from "../../planner/plan.ts";
import { readsImage } from "../../weights/quantized.ts";
import { INT8_IMAGE_BYTES } from "./int8_lower.ts";
import { int8WeightBytes, stepsOf } from "./int8_weights.ts";
import { filterLength } from "./lower.ts";
import { packedLength } from "./pack.ts";
import { isWorthWinograd } from "./winograd.ts";

/** Bytes of all weights in floats, or in eight bits. */
export function cpuWeightBytes({ stages }: Pick<Plan, "stages">, { int8 }: { readonly int8: boolean }): number {
  return Iterator.from(new Set(stages.flat(2))).reduce((sum, step) => sum + (int8 ? int8Bytes : floatBytes)(step), 0);
}

/** Bytes of a vector of 4-byte numbers, with zeros up to a quad. */
function vectorBytes(length: number): number {
  return 16 * quadsOf(length);
}

function floatBytes({ kind, layer, reads: [input], writes: [output] }: Step): number {
  switch (kind) {
    case "convolution": {
      const { kernel } = layer;
      const [inputs, outputs] = [input.channels, output.channels];
      const numbers = isWorthWinograd(layer, { inputs, outputs })
        ? filterLength(inputs, outputs)
        : packedLength([outputs, inputs, kernel, kernel]);
      return 4 * numbers + vectorBytes(outputs);
    }
    case "depthwise":
      return 4 * packedLength([output.channels, 1, layer.kernel, layer.kernel]) + vectorBytes(output.channels);
    case "classifier":
      return 4 * packedLength([layer.classes, input.channels]) + vectorBytes(layer.classes);
    case "squeeze":
    case "excitation":
    case "max-pool":
    case "resize":
      return 0;
  }
}

function int8Bytes({ kind, layer, reads: [input], writes: [output] }: Step): number {
  switch (kind) {
    case "convolution": {
      const pixelBytes = (readsImage(layer) ? INT8_IMAGE_BYTES : 1) * input.channels;
      const { kernel } = layer;
      const weights = int8WeightBytes({ runs: kernel, steps: stepsOf(kernel * pixelBytes), outputs: output.channels });
      return weights + 2 * vectorBytes(output.channels);
    }
    case "classifier":
      return layer.classes * vectorBytes(input.channels) + vectorBytes(layer.classes) + vectorBytes(input.channels);
    // Refused (weights/quantized.ts).
    case "depthwise":
    case "squeeze":
    case "excitation":
    case "max-pool":
    case "resize":
      return 0;
  }
}
