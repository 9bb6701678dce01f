// Transforms the weights of a 3×3 convolution into a filter for winograd.as, or for strided-winograd.as. Each thread computes the same
// share of the panels that it transposes.

import { FilterArgs } from "../abi";
import { transformStridedWeights } from "./strided-winograd-transforms";
import { transformWeights } from "./winograd-transforms";

export function makeFilter(args: FilterArgs, thread: u32, threads: u32, isStrided: bool): void {
  const panels = (args.outChannels + 7) >> 3;
  const last = (thread + 1) * panels / threads;
  for (let panel = thread * panels / threads; panel < last; panel++) {
    const first: u32 = 8 * panel;
    const lanes: u32 = args.outChannels - first > 4 ? 8 : 4;
    const apart: u32 = 4 * lanes * args.inChannels;
    const from = args.weights + 4 * 9 * first * args.inChannels;
    const to = args.filter + 4 * first * args.inChannels;
    for (let at: u32 = 0; at < apart; at += 16) {
      if (isStrided) transformStridedWeights(from + at, apart, to + at, args.placeBytes);
      else transformWeights(from + at, apart, to + at, args.placeBytes);
    }
  }
}
