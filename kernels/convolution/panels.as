// Sums over taps (taps.as) for all output channels, a panel after another: of 8, or of 4 for the last 4 or fewer.
//
// bias   numbers of all channels, or 8 zeros where there is none

import {
  sumFew1 as sumFewOf0,
  sumFew2 as sumFewOf1,
  sumFew3 as sumFewOf2,
  sumFew4 as sumFewOf3,
  sumFew5 as sumFewOf4,
  sumFew6 as sumFewOf5,
  sumTaps1,
  sumTaps2,
} from "./taps";

export function sumPanels(
  input: u32,
  inPixels: u32,
  output: u32,
  outPixels: u32,
  pixels: u32,
  moves: u32,
  runs: u32,
  runLength: u32,
  outChannels: u32,
  weights: u32,
  bias: u32,
  hasBias: bool,
  accumulate: bool,
  relu: bool,
): void {
  for (let channel: u32 = 0; channel < outChannels; channel += 8) {
    const channels = outChannels - channel;
    const out = output + 4 * channel;
    const start = bias + (hasBias ? 4 * channel : 0);
    if (channels > 4 && runs == 1 && runLength <= 6) {
      sumFew(runLength, input, inPixels, out, outPixels, pixels, channels, weights, start, accumulate, relu);
    } else if (channels > 4) {
      sumTaps2(
        input, inPixels, out, outPixels, pixels, moves, runs, runLength, channels, weights, start, accumulate, relu,
      );
    } else {
      sumTaps1(
        input, inPixels, out, outPixels, pixels, moves, runs, runLength, channels, weights, start, accumulate, relu,
      );
    }
    weights += 32 * runs * runLength;
  }
}

function sumFew(
  inputs: u32,
  input: u32,
  inPixels: u32,
  output: u32,
  outPixels: u32,
  pixels: u32,
  channels: u32,
  weights: u32,
  bias: u32,
  accumulate: bool,
  relu: bool,
): void {
  switch (inputs) {
// #for i in 6
    case ${i} + 1:
      return sumFewOf${i}(input, inPixels, output, outPixels, pixels, channels, weights, bias, accumulate, relu);
// #end
    default:
      unreachable();
  }
}
