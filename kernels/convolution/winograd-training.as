// The same as winograd.as in training: a 3×3 convolution of stride 1, or its input gradient, over a range of samples, with
// weights that change at every step.
//
// filter  for each of the 16 places of a patch weights as training.as has them for one tap: [place][panel][in][8 or 4]

import { FilterArgs, PATCHES, WinogradArgs } from "../training/arguments";
import { pad } from "./pad";
import { sumPanels } from "./panels";
import { transformInput, transformOutput, transformWeights } from "./winograd-transforms";

// Weights to a filter. Each thread makes its share of the panels: the same that it transposes.
export function makeFilter(args: FilterArgs, thread: u32, threads: u32): void {
  const panels = (args.outChannels + 7) >> 3;
  const last = (thread + 1) * panels / threads;
  for (let panel = thread * panels / threads; panel < last; panel++) {
    const first: u32 = 8 * panel;
    const lanes: u32 = args.outChannels - first > 4 ? 8 : 4;
    const apart: u32 = 4 * lanes * args.inChannels;
    const from = args.weights + 4 * 9 * first * args.inChannels;
    const to = args.filter + 4 * first * args.inChannels;
    for (let at: u32 = 0; at < apart; at += 16) transformWeights(from + at, apart, to + at, args.placeBytes);
  }
}

export function winograd(args: WinogradArgs, scratch: u32, first: u32, last: u32): void {
  const side = (args.inSize + 1) / 2;
  const pixel: u32 = 4 * args.inChannels;
  const row = pixel * (args.inSize + 2);
  const sampleBytes = row * (args.inSize + 2);
  const inputs = scratch + args.copyBytes;
  const inApart = PATCHES * args.inPatch;
  const sums = inputs + 16 * inApart;
  const outApart = PATCHES * args.outPatch;
  for (let sample = first; sample < last; sample += args.group) {
    const samples = min(args.group, last - sample);
    pad(args.input + sample * args.inBytes, args.inBytes, args.inPitch, args.inSize, args.inChannels, 1, scratch, samples);
    const patches = samples * side * side;
    for (let start: u32 = 0; start < patches; start += PATCHES) {
      const count = min(PATCHES, patches - start);
      for (let i: u32 = 0; i < count; i++) {
        const patch = (start + i) % (side * side);
        const from = scratch + (start + i) / (side * side) * sampleBytes;
        const at = from + 2 * (patch / side * row + patch % side * pixel);
        transformInput(at, row, pixel, inputs + i * args.inPatch, args.inPatch, inApart);
      }
      for (let place: u32 = 0; place < 16; place++) {
        sumPanels(
          inputs + place * inApart,
          args.inPatches,
          sums + place * outApart,
          args.outPatches,
          count,
          args.zeros,
          1,
          args.inChannels,
          args.outPatch / 4,
          args.filter + place * args.placeBytes,
          args.zeros,
          false,
          false,
          false,
        );
      }
      for (let i: u32 = 0; i < count; i++) {
        const patch = (start + i) % (side * side);
        const y = patch / side * 2;
        const x = patch % side * 2;
        transformOutput(
          sums + i * args.outPatch,
          outApart,
          0,
          0,
          args.outChannels,
          args.output + (sample + (start + i) / (side * side)) * args.outBytes + (y * args.inSize + x) * args.outPitch,
          args.inSize * args.outPitch,
          args.outPitch,
          args.inSize - y,
          args.inSize - x,
        );
      }
    }
  }
}
