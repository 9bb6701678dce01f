// Sums over taps (tiles.as) for some panels of output channels, one after another: of 8, or of 4 for the last 4 or fewer.

import { setSums, sumFew1, sumFew2, sumFew3, sumFew4, sumFew5, sumFew6, sumTaps1, sumTaps2 } from "./tiles";

// The arguments that all panels of a layer share.
// bias  numbers of all channels, or 8 zeros where there is none
let inputs: u32 = 0;
let isFew: bool = false;
let outChannels: u32 = 0;
let bias: u32 = 0;
let hasBias: bool = false;
export function setPanels(
  inPitch: u32,
  outPitch: u32,
  moves: u32,
  runs: u32,
  runLength: u32,
  channels: u32,
  start: u32,
  starts: bool,
  accumulate: bool,
  activation: u32,
): void {
  inputs = runs * runLength;
  isFew = runs == 1 && runLength <= 6;
  outChannels = channels;
  bias = start;
  hasBias = starts;
  setSums(inPitch, outPitch, moves, runs, runLength, accumulate, activation);
}

export function sumPanels(
  input: u32,
  inPixels: u32,
  output: u32,
  outPixels: u32,
  pixels: u32,
  weights: u32,
  firstPanel: u32,
  endPanel: u32,
): void {
  const end = min(outChannels, 8 * endPanel);
  for (let channel: u32 = 8 * firstPanel; channel < end; channel += 8) {
    const channels = outChannels - channel;
    const out = output + 4 * channel;
    const panel = weights + 4 * channel * inputs;
    const start = bias + (hasBias ? 4 * channel : 0);
    if (channels <= 4) sumTaps1(input, inPixels, out, outPixels, pixels, channels, panel, start);
    else if (isFew) sumFew(input, inPixels, out, outPixels, pixels, channels, panel, start);
    else sumTaps2(input, inPixels, out, outPixels, pixels, channels, panel, start);
  }
}

function sumFew(
  input: u32,
  inPixels: u32,
  output: u32,
  outPixels: u32,
  pixels: u32,
  channels: u32,
  weights: u32,
  bias: u32,
): void {
  switch (inputs) {
// #for K in 1..6
    case ${K}:
      return sumFew${K}(input, inPixels, output, outPixels, pixels, channels, weights, bias);
// #end
    default:
      unreachable();
  }
}
