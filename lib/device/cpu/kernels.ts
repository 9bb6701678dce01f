/**
 * The CPU runner's kernels beside the convolution. They take the whole memory as numbers, and the quads before a sample's
 * arena and before the weights.
 *
 * @module
 */

import { type ClassifierStep, type MaxPoolStep, quadsOf, type Region, type ResizeStep } from "../../planner/plan.ts";

/** Where a pixel's channels start. */
function pixelAt({ offset, size, pitch, channel }: Region, arena: number, y: number, x: number): number {
  return 4 * (arena + offset + (y * size + x) * pitch) + channel;
}

/** Largest of 3 × 3 pixels, every other pixel; takes no account of what is outside. */
export function maxPool({ input, output }: MaxPoolStep, numbers: Float32Array, arena: number): void {
  for (let y = 0; y < output.size; y++) {
    for (let x = 0; x < output.size; x++) {
      const out = pixelAt(output, arena, y, x);
      numbers.fill(-Infinity, out, out + output.channels);
      for (let v = Math.max(0, 2 * y - 1); v <= Math.min(input.size - 1, 2 * y + 1); v++) {
        for (let u = Math.max(0, 2 * x - 1); u <= Math.min(input.size - 1, 2 * x + 1); u++) {
          const at = pixelAt(input, arena, v, u);
          for (let k = 0; k < output.channels; k++) numbers[out + k] = Math.max(numbers[out + k], numbers[at + k]);
        }
      }
    }
  }
}

/** Bilinear, corners aligned. */
export function resize({ input, output }: ResizeStep, numbers: Float32Array, arena: number): void {
  const scale = output.size > 1 ? (input.size - 1) / (output.size - 1) : 0;
  for (let y = 0; y < output.size; y++) {
    const top = Math.floor(y * scale);
    const bottom = Math.min(top + 1, input.size - 1);
    const dy = y * scale - top;
    for (let x = 0; x < output.size; x++) {
      const left = Math.floor(x * scale);
      const right = Math.min(left + 1, input.size - 1);
      const dx = x * scale - left;
      const topLeft = pixelAt(input, arena, top, left);
      const topRight = pixelAt(input, arena, top, right);
      const bottomLeft = pixelAt(input, arena, bottom, left);
      const bottomRight = pixelAt(input, arena, bottom, right);
      const out = pixelAt(output, arena, y, x);
      for (let k = 0; k < output.channels; k++) {
        const upper = numbers[topLeft + k] * (1 - dx) + numbers[topRight + k] * dx;
        const lower = numbers[bottomLeft + k] * (1 - dx) + numbers[bottomRight + k] * dx;
        numbers[out + k] = upper * (1 - dy) + lower * dy;
      }
    }
  }
}

/** Average of the top left pool × pool pixels, then a linear layer. */
export function classify(
  { input, layer: { pool, classes } }: ClassifierStep,
  numbers: Float32Array,
  { arena, weights, logits }: { arena: number; weights: number; logits: Float32Array },
): void {
  const means = new Float64Array(input.channels);
  for (let y = 0; y < pool; y++) {
    for (let x = 0; x < pool; x++) {
      const at = pixelAt(input, arena, y, x);
      for (let k = 0; k < means.length; k++) means[k] += numbers[at + k] / pool ** 2;
    }
  }
  const rowPitch = 4 * quadsOf(input.channels);
  const firstRow = 4 * weights;
  for (let out = 0; out < classes; out++) {
    const row = firstRow + out * rowPitch;
    let sum = numbers[firstRow + classes * rowPitch + out];
    for (let k = 0; k < means.length; k++) sum += means[k] * numbers[row + k];
    logits[out] = sum;
  }
}

/** The module that trains: the one that fuses multiplication and addition, where the engine can. */
export async function trainingKernels(): Promise<WebAssembly.Module> {
  try {
    // @ts-ignore: TypeScript has no source phase imports yet
    return await import.source("../../../kernels/train-relaxed.wasm") as WebAssembly.Module;
  } catch {
    // @ts-ignore: the same
    return await import.source("../../../kernels/train.wasm") as WebAssembly.Module;
  }
}
