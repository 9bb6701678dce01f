// Convolution with bias, and what comes last; any odd kernel and stride, padding kernel / 2; of one sample on the CPU: a
// matrix product. A kernel of 1 reads its input where it is; others read a copy with a border of zeros, whose pixels lie
// close, so that a row of the kernel is one run. No number is used that the sample's own layers did not write.
//
// Weights  as product.as has them, inputs as [row of the kernel][column][channel]

import { firstOf } from "../parts";
import { Step } from "../records";
import { pad } from "./pad";
import { multiply, setInput, setOutput, TILE } from "./product";

// The step whose input is in the copy.
let copied: u32 = 0;

// A new sample's layers have nothing in the copy.
export function forgetCopy(): void {
  copied = 0;
}

// Makes sure that a step's input is there with a border.
export function copyInput(step: Step, arena: u32, scratch: u32): void {
  if (copied == changetype<u32>(step)) return;
  pad(arena + step.input, 0, step.inPitch, step.inSize, step.inChannels, step.kernel / 2, scratch, 1);
  copied = changetype<u32>(step);
}

export function convolve(step: Step, arena: u32, scratch: u32, part: u32, parts: u32): void {
  let input = arena + step.input;
  let pixel = step.inPitch;
  let row = pixel * step.inSize;
  if (step.kernel > 1) {
    copyInput(step, arena, scratch);
    input = scratch;
    pixel = 4 * step.inChannels;
    row = pixel * (step.inSize + step.kernel - 1);
  }
  const run = 4 * step.inChannels * step.kernel;
  setInput(input, pixel * step.stride, row * step.stride, step.outSize, step.kernel, run, row - run);
  setOutput(arena + step.output, step.outPitch, step.outChannels, step.activation);

  const pixels = step.outSize * step.outSize;
  const tiles = (pixels + TILE - 1) / TILE;
  const panels = (step.outChannels + 7) / 8;
  if (panels >= tiles) {
    multiply(step.weights, firstOf(part, parts, panels), firstOf(part + 1, parts, panels), 0, pixels);
  } else {
    const end = min(pixels, TILE * firstOf(part + 1, parts, tiles));
    multiply(step.weights, 0, panels, TILE * firstOf(part, parts, tiles), end);
  }
}
