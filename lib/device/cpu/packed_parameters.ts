/**
 * Parameters as the training kernels read them. All that the optimiser does to a number it does to the packed one, so
 * gradients, velocities and averages are packed alike; padding stays zero.
 *
 * @module
 */

import { quadsOf } from "../../planner/plan.ts";

/** Output channels that kernels/convolution compute together. */
const PANEL = 8;

/** Numbers that weights of `channels` output channels take for each input of each tap: whole panels, or a last half one. */
export function panelWidth(channels: number): number {
  return PANEL * Math.floor(channels / PANEL) + widthAt(channels, channels - channels % PANEL);
}

/** Numbers that a parameter takes. */
export function packedLength(shape: readonly number[]): number {
  const [out, input, height, width] = shape;
  switch (shape.length) {
    case 4:
      return panelWidth(out) * input * height * width;
    case 2:
      return out * 4 * quadsOf(input);
    default:
      return 4 * quadsOf(out);
  }
}

/**
 * Copies a parameter from PyTorch's layout.
 *
 * Convolutions: `[panel of 8, or of 4 at the end][tap][in][out of the panel]`; linear layers: rows padded to a quad.
 */
export function pack(shape: readonly number[], plain: Float32Array, packed: Float32Array): void {
  forEach(shape, (from, to) => packed[to] = plain[from]);
}

/** Copies a parameter to PyTorch's layout. */
export function unpack(shape: readonly number[], packed: Float32Array): Float32Array {
  const plain = new Float32Array(shape.reduce((product, side) => product * side, 1));
  forEach(shape, (to, from) => plain[to] = packed[from]);
  return plain;
}

function forEach(shape: readonly number[], visit: (plain: number, packed: number) => void): void {
  const [outs, inputs, height, width] = shape;
  if (shape.length === 1) {
    for (let i = 0; i < outs; i++) visit(i, i);
    return;
  }
  if (shape.length === 2) {
    const pitch = 4 * quadsOf(inputs);
    for (let out = 0; out < outs; out++) {
      for (let input = 0; input < inputs; input++) visit(out * inputs + input, out * pitch + input);
    }
    return;
  }
  const taps = height * width;
  for (let out = 0; out < outs; out++) {
    const panel = out - out % PANEL;
    const lanes = widthAt(outs, panel);
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < taps; tap++) {
        visit(
          (out * inputs + input) * taps + tap,
          panel * taps * inputs + (tap * inputs + input) * lanes + out - panel,
        );
      }
    }
  }
}

/** Lanes of the panel that starts at an output channel. */
function widthAt(channels: number, panel: number): number {
  const rest = channels - panel;
  return rest === 0 ? 0 : rest <= PANEL / 2 ? PANEL / 2 : PANEL;
}
