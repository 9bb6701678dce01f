// A convolution with bias, and optionally ReLU, with any odd kernel and stride, over a range of samples; and its input
// gradient, which is a convolution with transposed weights. A kernel of 1 reads its input in place; others read a copy with a
// border of zeros and contiguous pixels, so that a row of the kernel is one run. Only numbers that the sample's own layers
// have written are used.
//
// Weights are stored in panels of 8 output channels, [panel][tap][in][8]; up to 4 remaining channels are in a panel of 4.

import { ConvolutionArgs, Phase, TransposeArgs } from "../abi";
import { firstOf } from "../parts";
import { padFor } from "./pad";
import { setPanels, sumPanels } from "./panels";
import { touch } from "./touch";

// Pixels of the largest tile.
const TILE: u32 = 6;

// With so few inputs per pixel, loading takes more time than multiplying. Pixels are then computed in blocks that stay in the
// cache while all panels are applied to them.
const FEW_INPUTS: u32 = 24;
const BLOCK: u32 = 96;

// Forward pass, or input gradient: for each phase, the output pixels that use the same taps.
export function convolve(args: ConvolutionArgs, scratch: u32, first: u32, last: u32, part: u32, parts: u32): void {
  for (let sample = first; sample < last; sample += args.group) {
    const samples = min(args.group, last - sample);
    let input = args.input + sample * args.inBytes;
    if (args.border) {
      const step = changetype<u32>(args);
      padFor(
        step,
        parts,
        input,
        args.inBytes,
        args.inPitch,
        args.inHeight,
        args.inWidth,
        args.inChannels,
        args.border,
        scratch,
        samples,
      );
      input = scratch;
    }
    const output = args.output + sample * args.outBytes;
    if (args.accumulate) touch(output, samples * args.outBytes);
    for (let i: u32 = 0; i < args.phases; i++) {
      const phase = changetype<Phase>(args.phase + i * offsetof<Phase>());
      // A part computes some of the panels or some of the pixels, whichever are more.
      let firstPanel: u32 = 0;
      let endPanel = (args.outChannels + 7) / 8;
      let pixel: u32 = 0;
      let end = samples * phase.pixels;
      const tiles = (end + TILE - 1) / TILE;
      if (endPanel >= tiles) {
        firstPanel = firstOf(part, parts, endPanel);
        endPanel = firstOf(part + 1, parts, endPanel);
      } else {
        pixel = TILE * firstOf(part, parts, tiles);
        end = min(end, TILE * firstOf(part + 1, parts, tiles));
      }
      const block = phase.runs * phase.runLength <= FEW_INPUTS ? BLOCK : end - pixel;
      setPanels(
        args.pitch,
        args.outPitch,
        phase.moves,
        phase.runs,
        phase.runLength,
        args.outChannels,
        args.bias,
        args.hasBias != 0,
        args.accumulate != 0,
        args.activation,
      );
      for (; pixel < end; pixel += block) {
        const inPixels = phase.inPixels + 4 * pixel;
        const outPixels = phase.outPixels + 4 * pixel;
        const pixels = min(block, end - pixel);
        sumPanels(input, inPixels, output, outPixels, pixels, phase.weights, firstPanel, endPanel);
      }
    }
  }
}

// Weights in the order in which the input gradient reads them, in panels of input channels, one phase after another:
// [phase][panel][tap of the phase][out][8 or 4].
export function transpose(args: TransposeArgs, thread: u32, threads: u32): void {
  const panels = (args.inChannels + 7) >> 3;
  const units = panels * args.phases;
  const last = (thread + 1) * units / threads;
  for (let unit = thread * units / threads; unit < last; unit++) {
    const phase = changetype<Phase>(args.phase + unit / panels * offsetof<Phase>());
    const row: u32 = 8 * (unit % panels);
    const width: u32 = args.inChannels - row > 4 ? 8 : 4;
    let to = phase.weights + 4 * row * phase.taps * args.outChannels;
    for (let i: u32 = 0; i < phase.taps; i++) {
      const tap = load<u32>(phase.tapIndices + 4 * i);
      for (let out: u32 = 0; out < args.outChannels; out++) {
        const outPanel = out & ~7;
        const outWidth: u32 = args.outChannels - outPanel > 4 ? 8 : 4;
        const from = args.weights + 4 * (outPanel * args.taps * args.inChannels +
          (tap * args.inChannels + row) * outWidth + (out & 7));
        if (row + 8 <= args.inChannels) {
// #for k in 8
          store<f32>(to, load<f32>(from + 4 * ${k} * outWidth), 4 * ${k});
// #end
          to += 32;
        } else {
          for (let k: u32 = 0; k < width; k++, to += 4) {
            store<f32>(to, row + k < args.inChannels ? load<f32>(from + 4 * k * outWidth) : 0);
          }
        }
      }
    }
  }
}
