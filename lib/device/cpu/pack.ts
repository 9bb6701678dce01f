/**
 * Packs parameters as the CPU's kernels read them. The optimiser works on packed numbers, so gradients, velocities and
 * averages are packed the same way; padding stays zero.
 *
 * - A convolution's weights: `[panel of 8 output channels, or of 4 at the end][tap][in][out of the panel]`.
 * - A linear layer's: rows padded to a quad. Vectors: padded to a quad.
 *
 * @module
 */

import { quadsOf } from "../../planner/plan.ts";
import { countNumbers } from "../../weights/shape.ts";

/** Output channels that kernels/convolution compute together. */
const PANEL = 8;

/** Length of a packed parameter in numbers. */
export function packedLength(shape: readonly number[]): number {
  const [out, input, height, width] = shape;
  switch (shape.length) {
    case 4:
      return 4 * quadsOf(out) * input * height * width;
    case 2:
      return out * 4 * quadsOf(input);
    default:
      return 4 * quadsOf(out);
  }
}

/** Copies a parameter from PyTorch's layout to an array of zeros. */
export function pack(shape: readonly number[], plain: Float32Array, packed: Float32Array): void {
  eachRow(shape, (from, step, to, stride, count) => {
    for (let i = 0; i < count; i++) packed[to + i * stride] = plain[from + i * step];
  });
}

/** Copies a parameter to PyTorch's layout. */
export function unpack(shape: readonly number[], packed: Float32Array): Float32Array {
  const plain = new Float32Array(countNumbers(shape));
  eachRow(shape, (to, step, from, stride, count) => {
    for (let i = 0; i < count; i++) plain[to + i * step] = packed[from + i * stride];
  });
  return plain;
}

/**
 * Visits numbers with a constant stride in both layouts: first index and stride in PyTorch's, the same here, and their
 * count.
 */
type VisitRow = (plain: number, step: number, packed: number, stride: number, count: number) => void;

function eachRow(shape: readonly number[], visit: VisitRow): void {
  const [outs, inputs, height, width] = shape;
  if (shape.length === 1) return visit(0, 1, 0, 1, outs);
  if (shape.length === 2) {
    const pitch = 4 * quadsOf(inputs);
    for (let out = 0; out < outs; out++) visit(out * inputs, 1, out * pitch, 1, inputs);
    return;
  }
  const taps = height * width;
  for (let out = 0; out < outs; out++) {
    const panel = out - out % PANEL;
    const lanes = outs - panel <= PANEL / 2 ? PANEL / 2 : PANEL;
    for (let tap = 0; tap < taps; tap++) {
      visit(out * inputs * taps + tap, taps, panel * taps * inputs + tap * inputs * lanes + out - panel, lanes, inputs);
    }
  }
}

/** Size in bytes of a vector of 4-byte numbers, padded with zeros to a multiple of `lanes`. */
export function vectorBytes(length: number, lanes = 4): number {
  return 4 * lanes * Math.ceil(length / lanes);
}
