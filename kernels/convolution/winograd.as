// A 3×3 convolution of stride 1, with bias and optionally ReLU, or its input gradient, over a range of samples, by Winograd's
// minimal filtering F(2×2, 3×3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016). It needs 16
// products for 2 × 2 outputs instead of 36. Each is a product of transformed inputs and transformed weights, so there are 16
// matrix products, one for each place of a 4 × 4 patch.
//
// A few patches are processed at a time, so that intermediate results stay in the cache. With an odd size, outputs outside
// the feature are computed from undefined data and not written.
//
// filter  for each of the 16 places weights as forward.as has them for one tap: [place][panel][in][8 or 4]

import { PATCHES, WinogradArgs } from "../abi";
import { firstOf } from "../parts";
import { padFor } from "./pad";
import { setPanels, sumPanels } from "./panels";
import { transformInput, transformOutput } from "./winograd-transforms";

export function winograd(args: WinogradArgs, scratch: u32, first: u32, last: u32, part: u32, parts: u32): void {
  const columns = (args.inWidth + 1) / 2;
  const area = (args.inHeight + 1) / 2 * columns;
  const pixel: u32 = 4 * args.inChannels;
  const row = pixel * (args.inWidth + 2);
  const sampleBytes = row * (args.inHeight + 2);
  const inputs = scratch + args.copyBytes;
  const inApart = PATCHES * args.inPatch;
  const sums = inputs + 16 * inApart;
  const outApart = PATCHES * args.outPatch;
  const panels = (args.outChannels + 7) / 8;
  setPanels(args.inPatch, args.outPatch, args.zeros, 1, args.inChannels, args.outPatch / 4, args.zeros, false, false, 0);
  for (let sample = first; sample < last; sample += args.group) {
    const samples = min(args.group, last - sample);
    const from = args.input + sample * args.inBytes;
    const step = changetype<u32>(args);
    padFor(
      step,
      parts,
      from,
      args.inBytes,
      args.inPitch,
      args.inHeight,
      args.inWidth,
      args.inChannels,
      1,
      scratch,
      samples,
    );
    const patches = samples * area;
    const end = firstOf(part + 1, parts, patches);
    for (let start = firstOf(part, parts, patches); start < end; start += PATCHES) {
      const count = min(PATCHES, end - start);
      for (let i: u32 = 0; i < count; i++) {
        const patch = (start + i) % area;
        const at = scratch + (start + i) / area * sampleBytes + 2 * (patch / columns * row + patch % columns * pixel);
        transformInput(at, row, pixel, inputs + i * args.inPatch, args.inPatch, inApart);
      }
      for (let place: u32 = 0; place < 16; place++) {
        const from = inputs + place * inApart;
        const to = sums + place * outApart;
        sumPanels(from, args.patches, to, args.patches, count, args.filter + place * args.placeBytes, 0, panels);
      }
      for (let i: u32 = 0; i < count; i++) {
        const patch = (start + i) % area;
        const y = patch / columns * 2;
        const x = patch % columns * 2;
        transformOutput(
          sums + i * args.outPatch,
          outApart,
          args.bias,
          args.activation,
          args.outChannels,
          args.output + (sample + (start + i) / area) * args.outBytes + (y * args.inWidth + x) * args.outPitch,
          args.inWidth * args.outPitch,
          args.outPitch,
          args.inHeight - y,
          args.inWidth - x,
        );
      }
    }
  }
}
