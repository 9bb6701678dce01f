// A 3×3 convolution of stride 1, with bias and ReLU if asked for, by the minimal filtering F(2×2, 3×3) of Winograd (Lavin
// and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016): for 2 × 2 outputs 16 products instead of 36, each
// of transformed inputs and transformed weights, and so 16 matrix products, one for each place of a 4 × 4 patch.
//
// Patches are taken a few at a time, so that what is in between stays near. Of an odd size, outputs behind the edge are
// computed from whatever lies there, and not written.
//
// Weights  [bias, padded to 8 channels], then for each of the 16 places panels as product.as has them, without bias

import { firstOf } from "../parts";
import { PATCHES, Step } from "../records";
import { copyInput } from "./forward";
import { multiply, setInput, setOutput } from "./product";
import { transformInput, transformOutput } from "./winograd-transforms";

export function winograd(step: Step, arena: u32, scratch: u32, part: u32, parts: u32): void {
  copyInput(step, arena, scratch);
  const side = (step.outSize + 1) / 2;
  const row = 4 * step.inChannels * (step.inSize + 2);
  // A patch may reach over the last row.
  const inputs = scratch + (row * (step.inSize + 3) + 31) / 16 * 16;
  const inPitch = (step.inChannels + 3) / 4 * 16;
  const sums = inputs + 16 * PATCHES * inPitch;
  const outPitch = (step.outChannels + 7) / 8 * 32;
  const panels = (step.outChannels + 7) / 8;
  const lanes = 8 * (step.outChannels / 8) + (step.outChannels % 8 > 4 ? 8 : step.outChannels % 8 > 0 ? 4 : 0);
  const place = lanes * (1 + step.inChannels) * 4;
  const end = firstOf(part + 1, parts, side * side);
  for (let first = firstOf(part, parts, side * side); first < end; first += PATCHES) {
    const count = min(PATCHES, end - first);
    for (let i: u32 = 0; i < count; i++) {
      const patch = first + i;
      const at = scratch + 2 * (patch / side * row + patch % side * 4 * step.inChannels);
      transformInput(at, row, 4 * step.inChannels, inputs + i * inPitch, inPitch, PATCHES * inPitch);
    }
    for (let k: u32 = 0; k < 16; k++) {
      setInput(inputs + k * PATCHES * inPitch, inPitch, 0, PATCHES, 1, 4 * step.inChannels, 0);
      setOutput(sums + k * PATCHES * outPitch, outPitch, lanes, 0);
      multiply(step.weights + outPitch + k * place, 0, panels, 0, count);
    }
    for (let i: u32 = 0; i < count; i++) {
      const patch = first + i;
      const y = patch / side * 2;
      const x = patch % side * 2;
      transformOutput(
        sums + i * outPitch,
        PATCHES * outPitch,
        step.weights,
        step.activation,
        step.outChannels,
        arena + step.output + (y * step.outSize + x) * step.outPitch,
        step.outSize * step.outPitch,
        step.outPitch,
        step.outSize - y,
        step.outSize - x,
      );
    }
  }
}
