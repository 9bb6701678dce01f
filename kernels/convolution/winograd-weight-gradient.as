// Gradient of a 3×3 convolution's weights, of stride 1 and without bias, by the minimal filtering of winograd.as. Its products are
// linear in the transformed weights, so their gradients are sums of transformed inputs times transformed gradients. These take 16
// products instead of 36. Heights and widths are even, and output channels a multiple of 8.
//
// Each thread has some of the inputs' channels, a block at a time, and goes through all samples in order, so that sums do not
// depend on the number of threads.

import { WEIGHT_BLOCK, WEIGHT_PATCHES, WinogradWeightGradientArgs } from "../abi";
import { padFor } from "./pad";
import { weightTile6x2 } from "./weight-tile";
import { transformInput } from "./winograd-transforms";
import { transformGradient, transformWeightSums } from "./winograd-weight-transforms";

// Places of a patch.
const PLACES: u32 = 16;

// Inputs in a register tile.
const ROWS: u32 = 6;

// Bytes from patch to patch of transformed inputs, and of a panel of transformed gradients.
const IN_PATCH: u32 = 4 * WEIGHT_BLOCK;
const OUT_PATCH: u32 = 32;

// Bytes from place to place of inputs, and from panel to panel of gradients: a line more than they take, since what is powers
// of two apart would share few lines of the cache.
const IN_PLACE: u32 = WEIGHT_PATCHES * IN_PATCH + 64;
const OUT_PANEL: u32 = WEIGHT_PATCHES * OUT_PATCH + 64;

// Bytes from panel to panel of the sums of a block.
const SUMS_PANEL: u32 = 32 * WEIGHT_BLOCK;

export function winogradWeightGradient(
  args: WinogradWeightGradientArgs,
  scratch: u32,
  thread: u32,
  threads: u32,
  count: u32,
): void {
  const units = (args.inChannels + ROWS - 1) / ROWS;
  const end = min(args.inChannels, ROWS * ((thread + 1) * units / threads));
  for (let channel = ROWS * (thread * units / threads); channel < end; channel += WEIGHT_BLOCK) {
    block(args, scratch, channel, min(WEIGHT_BLOCK, end - channel), count);
  }
}

function block(args: WinogradWeightGradientArgs, scratch: u32, channel: u32, channels: u32, count: u32): void {
  const columns = args.inWidth / 2;
  const area = args.inHeight / 2 * columns;
  const copied = (channels + 3) & ~3;
  const pixel: u32 = 4 * copied;
  const row = pixel * (args.inWidth + 2);
  const sampleBytes = row * (args.inHeight + 2);
  const panels = args.outChannels / 8;
  const inputs = scratch + args.copyBytes;
  const gradients = inputs + PLACES * IN_PLACE;
  const sums = gradients + PLACES * panels * OUT_PANEL;
  const below = args.inWidth * args.gradientPitch;
  for (let sample: u32 = 0; sample < count; sample += args.group) {
    const samples = min(args.group, count - sample);
    padFor(
      changetype<u32>(args),
      1,
      args.input + sample * args.inBytes + 4 * channel,
      args.inBytes,
      args.inPitch,
      args.inHeight,
      args.inWidth,
      copied,
      1,
      scratch,
      samples,
    );
    const patches = samples * area;
    for (let start: u32 = 0; start < patches; start += WEIGHT_PATCHES) {
      const own = min(WEIGHT_PATCHES, patches - start);
      for (let i: u32 = 0; i < own; i++) {
        const nth = (start + i) / area;
        const patch = (start + i) % area;
        const y = patch / columns * 2;
        const x = patch % columns * 2;
        const at = scratch + nth * sampleBytes + y * row + x * pixel;
        transformInput(at, row, pixel, inputs + i * IN_PATCH, pixel, IN_PLACE);
        transformGradient(
          args.gradient + (sample + nth) * args.gradientBytes + y * below + x * args.gradientPitch,
          below,
          args.gradientPitch,
          gradients + i * OUT_PATCH,
          panels,
          OUT_PANEL,
          panels * OUT_PANEL,
        );
      }
      const isLater = sample + start > 0;
      for (let i: u32 = 0; i < PLACES * panels; i++) {
        const input = inputs + i / panels * IN_PLACE;
        const sum = sums + i * SUMS_PANEL;
        for (let k: u32 = 0; k < channels; k += ROWS) {
          const to = sum + 32 * k;
          weightTile6x2(input + 4 * k, 0, gradients + i * OUT_PANEL, 0, args.places, own, 1, to, channels - k, isLater);
        }
      }
    }
  }
  for (let panel: u32 = 0; panel < panels; panel++) {
    const to = args.result + 32 * (9 * panel * args.inChannels + channel);
    const from = sums + panel * SUMS_PANEL;
    for (let at: u32 = 0; at < 32 * channels; at += 16) {
      transformWeightSums(from + at, panels * SUMS_PANEL, to + at, 32 * args.inChannels);
    }
  }
}
