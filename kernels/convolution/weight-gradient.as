// Gradient of a convolution's weights and bias. Weights are stored as in forward.as.

import { JoinArgs, Tap, WeightGradientArgs } from "../abi";
import { touch } from "./touch";
import {
  narrowTile1x4 as narrowTile1,
  narrowTile2x4 as narrowTile2,
  narrowTile3x2 as narrowTile3,
  narrowTile4x2 as narrowTile4,
  narrowTile5x2 as narrowTile5,
  narrowTile6x2 as narrowTile6,
  weightTile4x2,
  weightTile6x2,
} from "./weight-tile";

// Gradient of weights, and of the bias. With many weights, each thread computes its share of the tiles over all samples. With
// few weights, it computes all tiles over its share of the samples' parts, which are then joined. The number of parts does not
// depend on the number of threads, so that sums do not either.
//
// The border's zeros would not change the sums: for each tap only pixels whose input is inside are used.
export function weightGradient(args: WeightGradientArgs, thread: u32, threads: u32, count: u32): void {
  const tiles = wideTiles(args);
  const narrow = args.taps * narrowTiles(args);
  if (args.parts > 1) {
    const end = (thread + 1) * args.parts / threads;
    for (let part = thread * args.parts / threads; part < end; part++) {
      const result = args.result + part * args.partBytes;
      const first = part * count / args.parts;
      const last = (part + 1) * count / args.parts;
      if (first == last) memory.fill(result, 0, args.partBytes);
      makeTiles(args, first, last, result, 0, tiles, 0, narrow);
    }
  } else {
    // Threads with fewer tiles of one kind get more of the other.
    const other = threads - 1 - thread;
    makeTiles(
      args,
      0,
      count,
      args.result,
      thread * tiles / threads,
      (thread + 1) * tiles / threads,
      other * narrow / threads,
      (other + 1) * narrow / threads,
    );
  }
  if (args.hasBias && thread == 0) biasGradient(args, count);
}

// Adds up the parts: each thread computes its share of the numbers.
export function join(args: JoinArgs, thread: u32, threads: u32): void {
  const quads = args.partBytes / 16;
  const end = 16 * ((thread + 1) * quads / threads);
  for (let at = 16 * (thread * quads / threads); at < end; at += 16) {
    let sum = v128.load(args.partial + at);
    for (let part: u32 = 1; part < args.parts; part++) {
      sum = f32x4.add(sum, v128.load(args.partial + part * args.partBytes + at));
    }
    v128.store(args.result + at, sum);
  }
}

// Panels of 8 channels; a nearly full panel is treated as full.
function wideTiles(args: WeightGradientArgs): u32 {
  const panels = (args.outChannels >> 3) + ((args.outChannels & 7) == 7 ? 1 : 0);
  return panels * args.taps * rowTiles(args);
}

@inline
function rowTiles(args: WeightGradientArgs): u32 {
  return (args.inChannels + 5) / 6;
}

// Inputs in a tile of the last few channels.
@inline
function narrowRows(args: WeightGradientArgs): u32 {
  return (args.outChannels & 7) > 2 ? 8 : 16;
}

// The tiles of one tap.
function narrowTiles(args: WeightGradientArgs): u32 {
  const rest = args.outChannels & 7;
  return rest > 0 && rest < 7 ? (args.inChannels + narrowRows(args) - 1) / narrowRows(args) : 0;
}

// Some tiles over a range of samples.
function makeTiles(
  args: WeightGradientArgs,
  first: u32,
  last: u32,
  result: u32,
  begin: u32,
  end: u32,
  narrowBegin: u32,
  narrowEnd: u32,
): void {
  const columns = narrowTiles(args);
  for (let sample = first; sample < last; sample += args.group) {
    const samples = min(args.group, last - sample);
    const input = args.input + sample * args.inBytes;
    const gradient = args.gradient + sample * args.gradientBytes;
    touch(input, samples * args.inBytes);
    for (let tile = begin; tile < end; tile++) {
      wideTile(args, result, tile, input, gradient, samples, sample > first);
    }
    for (let tile = narrowBegin; tile < narrowEnd; tile++) {
      narrowTile(args, result, narrowRows(args) * (tile % columns), tile / columns, input, gradient, samples, sample > first);
    }
  }
}

function wideTile(
  args: WeightGradientArgs,
  result: u32,
  tile: u32,
  input: u32,
  gradient: u32,
  samples: u32,
  accumulate: bool,
): void {
  const place = tile / rowTiles(args);
  const row: u32 = 6 * (tile % rowTiles(args));
  const tap = changetype<Tap>(args.tap + place % args.taps * offsetof<Tap>());
  const panel = place / args.taps;
  const rows = args.inChannels - row;
  const from = input + 4 * row;
  const to = result + 32 * (place * args.inChannels + row);
  const g = gradient + 32 * panel;
  if (rows > 4) {
    weightTile6x2(from, args.inBytes, g, args.gradientBytes, tap.places, tap.pixels, samples, to, rows, accumulate);
  } else {
    weightTile4x2(from, args.inBytes, g, args.gradientBytes, tap.places, tap.pixels, samples, to, rows, accumulate);
  }
}

function narrowTile(
  args: WeightGradientArgs,
  result: u32,
  row: u32,
  which: u32,
  input: u32,
  gradient: u32,
  samples: u32,
  accumulate: bool,
): void {
  const outs = args.outChannels & 7;
  const first = args.outChannels & ~7;
  const lanes: u32 = outs > 4 ? 8 : 4;
  const tap = changetype<Tap>(args.tap + which * offsetof<Tap>());
  const rows = args.inChannels - row;
  const from = input + 4 * row;
  const to = result + 4 * (first * args.taps * args.inChannels + lanes * (which * args.inChannels + row));
  const g = gradient + 4 * first;
  switch (outs) {
// #for C in 1..6
    case ${C}:
      return narrowTile${C}(
        from,
        args.inBytes,
        g,
        args.gradientBytes,
        tap.places,
        tap.pixels,
        samples,
        to,
        lanes,
        rows,
        accumulate,
      );
// #end
    default:
      unreachable();
  }
}

function biasGradient(args: WeightGradientArgs, count: u32): void {
  for (let channel: u32 = 0; channel < args.outChannels; channel++) {
    let sum: f64 = 0;
    for (let sample: u32 = 0; sample < count; sample++) {
      let at = args.gradient + sample * args.gradientBytes + 4 * channel;
      for (let pixel: u32 = 0; pixel < args.outPixels; pixel++, at += args.gradientPitch) sum += load<f32>(at);
    }
    store<f32>(args.biasResult + 4 * channel, <f32> sum);
  }
}
