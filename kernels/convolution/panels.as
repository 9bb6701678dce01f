// Sums over taps (tiles.as) for some panels of output channels, one after another: of 8, or of 4 for the last 4 or fewer.
//
// bias   numbers of all channels, or 8 zeros where there is none

import { sumFew1, sumFew2, sumFew3, sumFew4, sumFew5, sumFew6, sumTaps1, sumTaps2 } from "./tiles";

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
  firstPanel: u32,
  endPanel: u32,
  weights: u32,
  bias: u32,
  hasBias: bool,
  accumulate: bool,
  activation: u32,
): void {
  const panelBytes = 32 * runs * runLength;
  weights += firstPanel * panelBytes;
  const end = min(outChannels, 8 * endPanel);
  for (let channel: u32 = 8 * firstPanel; channel < end; channel += 8) {
    const channels = outChannels - channel;
    const out = output + 4 * channel;
    const start = bias + (hasBias ? 4 * channel : 0);
    if (channels > 4 && runs == 1 && runLength <= 6) {
      sumFew(runLength, input, inPixels, out, outPixels, pixels, channels, weights, start, accumulate, activation);
    } else if (channels > 4) {
      sumTaps2(
        input, inPixels, out, outPixels, pixels, moves, runs, runLength, channels, weights, start, accumulate, activation,
      );
    } else {
      sumTaps1(
        input, inPixels, out, outPixels, pixels, moves, runs, runLength, channels, weights, start, accumulate, activation,
      );
    }
    weights += panelBytes;
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
  activation: u32,
): void {
  switch (inputs) {
// #for K in 1..6
    case ${K}:
      return sumFew${K}(input, inPixels, output, outPixels, pixels, channels, weights, bias, accumulate, activation);
// #end
    default:
      unreachable();
  }
}
