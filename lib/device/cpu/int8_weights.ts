/**
 * Packs 8-bit weights in the layout of kernels/convolution/int8-tiles.as.
 *
 * `[panel][run][step]`: panels have 8 output channels, the last one 4 if no more are left; runs are rows of the kernel;
 * a step is 8 bytes of inputs. Within a step: `[part][quad of outputs][output][inputs of the part]`, where a part is 4
 * bytes of inputs, or 2 if products are paired.
 *
 * @module
 */

import { quadsOf } from "../../planner/plan.ts";
import { runOrder, STEP, type WeightShape } from "../../weights/quantized_runs.ts";

/** Output channels that are computed together. */
export const PANEL = 8;

/** Number of 8-byte steps in a run of this many bytes. */
export function stepsOf(runBytes: number): number {
  return Math.ceil(runBytes / STEP);
}

/** Size of all weights for these outputs in bytes. */
export function int8WeightBytes({ runs, steps, outputs }: { runs: number; steps: number; outputs: number }): number {
  return runs * steps * 4 * STEP * quadsOf(outputs);
}

/**
 * Packs weights.
 *
 * @param weight `[out][in][kernel][kernel]`.
 * @param options `paired`: whether parts have 2 bytes.
 */
export function packInt8(
  weight: Int8Array | Int16Array,
  { outputs, paired, ...shape }: WeightShape & { readonly outputs: number; readonly paired: boolean },
): Uint8Array {
  const width = weight.BYTES_PER_ELEMENT;
  /** Inputs in a step and in a part. */
  const [inStep, inPart] = [STEP / width, (paired ? 2 : 4) / width];
  const order = runOrder(shape);
  const steps = stepsOf(width * shape.kernel * shape.inputs);
  const fanIn = weight.length / outputs;
  const packed = weight instanceof Int8Array
    ? new Int8Array(int8WeightBytes({ runs: shape.kernel, steps, outputs }))
    : new Int16Array(int8WeightBytes({ runs: shape.kernel, steps, outputs }) / width);
  for (let out = 0; out < outputs; out++) {
    const panel = out - out % PANEL;
    const quads = outputs - panel <= PANEL / 2 ? 1 : 2;
    const quad = Math.floor((out - panel) / 4);
    order.forEach((run, row) => {
      const at = inStep * 4 * (panel * order.length * steps / 4 + row * steps * quads);
      run.forEach((place, i) => {
        const step = Math.floor(i / inStep);
        const part = Math.floor(i % inStep / inPart);
        const lane = (part * quads + quad) * 4 + out % 4;
        packed[at + step * inStep * 4 * quads + lane * inPart + i % inPart] = weight[out * fanIn + place];
      });
    });
  }
  return new Uint8Array(packed.buffer);
}

/** Bytes of the weights of a depthwise convolution. */
export function depthwiseBytes({ channels, taps }: { readonly channels: number; readonly taps: number }): number {
  return 2 * taps * PANEL * Math.ceil(channels / PANEL);
}

/**
 * Packs the weights of a depthwise convolution, `[channel][tap]`, as kernels/depthwise/int8.as reads them: in 16 bits, `[panel of 8
 * channels][tap][8]`.
 */
export function packDepthwise(
  weight: ArrayLike<number>,
  { channels, taps }: { readonly channels: number; readonly taps: number },
): Uint8Array {
  const packed = new Int16Array(depthwiseBytes({ channels, taps }) / 2);
  for (let channel = 0; channel < channels; channel++) {
    const lane = channel % PANEL;
    for (let tap = 0; tap < taps; tap++) {
      packed[((channel - lane) / PANEL * taps + tap) * PANEL + lane] = weight[channel * taps + tap];
    }
  }
  return new Uint8Array(packed.buffer);
}
