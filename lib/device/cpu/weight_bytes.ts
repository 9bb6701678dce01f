/**
 * Computes the memory of a plan's weights in the layout of the CPU kernels, without the weights themselves.
 *
 * @module
 */

import type { Plan, Step } from "../../planner/plan.ts";
import { MAX_STEP, readsImage } from "../../weights/quantized.ts";
import { INT8_IMAGE_BYTES } from "./int8_lower.ts";
import { depthwiseBytes, int8WeightBytes, PANEL, stepsOf } from "./int8_weights.ts";
import { filterLength } from "./lower.ts";
import { packedLength, vectorBytes } from "./pack.ts";
import { isWorthWinograd } from "./winograd.ts";

/** Size of all weights in bytes, in floating point or 8 bits. */
export function cpuWeightBytes({ stages }: Pick<Plan, "stages">, { int8 }: { readonly int8: boolean }): number {
  return Iterator.from(new Set(stages.flat(2))).reduce((sum, step) => sum + (int8 ? int8Bytes : floatBytes)(step), 0);
}

function floatBytes({ kind, layer, reads: [{ channels: inputs }], writes: [written] }: Step): number {
  const outputs = written?.channels ?? 0;
  switch (kind) {
    case "convolution": {
      const { kernel } = layer;
      const numbers = isWorthWinograd(layer, { inputs, outputs })
        ? filterLength(inputs, outputs)
        : packedLength([outputs, inputs, kernel, kernel]);
      return 4 * numbers + vectorBytes(outputs);
    }
    case "depthwise":
      return 4 * packedLength([outputs, 1, layer.kernel, layer.kernel]) + vectorBytes(outputs);
    case "classifier":
      return 4 * packedLength([layer.classes, inputs]) + vectorBytes(layer.classes);
    case "squeeze":
    case "excitation":
    case "max-pool":
    case "resize":
      return 0;
  }
}

function int8Bytes({ kind, layer, reads: [{ channels: inputs }], writes: [written] }: Step): number {
  const outputs = written?.channels ?? 0;
  switch (kind) {
    case "convolution": {
      const { kernel } = layer;
      const pixelBytes = (readsImage(layer) ? INT8_IMAGE_BYTES : 1) * inputs;
      const weights = int8WeightBytes({ runs: kernel, steps: stepsOf(kernel * pixelBytes), outputs });
      return weights + 2 * vectorBytes(outputs);
    }
    case "depthwise":
      return depthwiseBytes({ channels: outputs, taps: layer.kernel ** 2 }) + 2 * vectorBytes(outputs, PANEL);
    case "squeeze":
      return vectorBytes(outputs);
    case "excitation":
      return vectorBytes(outputs) + vectorBytes(MAX_STEP + 1);
    case "classifier":
      return layer.classes * vectorBytes(inputs) + vectorBytes(layer.classes) + vectorBytes(inputs);
    case "max-pool":
    case "resize":
      return 0;
  }
}
