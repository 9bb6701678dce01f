// A convolution in integers, with bias and ReLU, any odd kernel and stride, over a range of samples. A kernel of 1
// reads its input in place; others read a copy with a border of zeros, as in forward.as.
//
// Weights are stored in panels of 8 output channels; up to 4 remaining channels are in a panel of 4.

import { Int8ConvolutionArgs } from "../abi";
import { firstOf } from "../parts";
import { padInt8For } from "./int8-pad";
import { setInt8Sums, sumInt8Taps1, sumInt8Taps2 } from "./int8-tiles";

// Pixels of a tile.
const TILE: u32 = 4;

// Pixels that all panels compute before the next pixels, so that their inputs stay in the nearest cache.
const BLOCK: u32 = 96;

export function convolveInt8(args: Int8ConvolutionArgs, scratch: u32, first: u32, last: u32, part: u32, parts: u32): void {
  setInt8Sums(args.pitch, args.outPitch, args.moves, args.runs, args.steps, args.product);
  const panels = (args.outChannels + 7) / 8;
  const panelBytes: u32 = 64 * args.steps * args.runs;
  for (let sample = first; sample < last; sample++) {
    let input = args.input + sample * args.inBytes;
    if (args.border) {
      padInt8For(changetype<u32>(args), parts, input, args.inPitch, args.inHeight, args.inWidth, args.pixelBytes, args.border, scratch);
      input = scratch;
    }
    const output = args.output + sample * args.outBytes;
    // A part computes some of the panels or some of the pixels, whichever are more.
    let firstPanel: u32 = 0;
    let endPanel = panels;
    let pixel: u32 = 0;
    let end = args.pixels;
    const tiles = (end + TILE - 1) / TILE;
    if (endPanel >= tiles) {
      firstPanel = firstOf(part, parts, panels);
      endPanel = firstOf(part + 1, parts, panels);
    } else {
      pixel = TILE * firstOf(part, parts, tiles);
      end = min(end, TILE * firstOf(part + 1, parts, tiles));
    }
    for (; pixel < end; pixel += BLOCK) {
      const inPixels = args.inPixels + 4 * pixel;
      const count = min(BLOCK, end - pixel);
      for (let panel = firstPanel; panel < endPanel; panel++) {
        const channel = 8 * panel;
        const channels = <i32> (args.outChannels - channel);
        const to = output + pixel * args.outPitch + channel;
        const weights = args.weights + panel * panelBytes;
        const bias = args.bias + 4 * channel;
        const multiplier = args.multiplier + 4 * channel;
        if (channels > 4) sumInt8Taps2(input, inPixels, to, count, channels, weights, bias, multiplier);
        else sumInt8Taps1(input, inPixels, to, count, channels, weights, bias, multiplier);
      }
    }
  }
}
