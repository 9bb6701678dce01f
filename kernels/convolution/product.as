// A matrix product with register tiles, the heart of convolutions on the CPU: of numbers that a pixel reads, `runs` rows that
// lie together, and panels of weights.
//
// A tile is 6 pixels × 8 output channels, which with weights and an input fills 15 registers. Tiles go over all pixels before
// the next channels, so that their weights stay near, and weights are read as they lie. Each output is summed in one order,
// whatever tile or thread it falls to.
//
// Weights  panels of 8 output channels, or of 4 for the last 4 or fewer: [bias, then runs · numbers of a run][8 or 4]

import { curve, RELU } from "../activation";
import { madd, store } from "../training/simd";

export const TILE: u32 = 6;

// Where numbers are: of the first pixel; steps from pixel to pixel and from row to row of so many pixels; bytes of a run and
// between runs.
let input: u32 = 0;
let pixelStep: u32 = 0;
let rowStep: u32 = 0;
let rowLength: u32 = 0;
let runs: u32 = 0;
let runBytes: u32 = 0;
let runGap: u32 = 0;
export function setInput(from: u32, pixel: u32, row: u32, length: u32, count: u32, bytes: u32, gap: u32): void {
  input = from;
  pixelStep = pixel;
  rowStep = row;
  rowLength = length;
  runs = count;
  runBytes = bytes;
  runGap = gap;
}

// Where results go: of the first pixel's first channel; from pixel to pixel; how many channels, and the least that is written.
let output: u32 = 0;
let outPitch: u32 = 0;
let outChannels: u32 = 0;
let least: v128 = f32x4.splat(0);
let last: u32 = 0;
export function setOutput(to: u32, pitch: u32, channels: u32, activation: u32): void {
  output = to;
  outPitch = pitch;
  outChannels = channels;
  least = f32x4.splat(activation == RELU ? 0 : -Infinity);
  last = activation;
}

@inline
function finished(sum: v128): v128 {
  return last > RELU ? curve(sum, last) : f32x4.pmax(sum, least);
}

// Pixels first … end − 1, panels firstPanel … endPanel − 1.
export function multiply(weights: u32, firstPanel: u32, endPanel: u32, first: u32, end: u32): void {
  const panelBytes = (runs * runBytes + 4) * 8;
  for (let panel = firstPanel; panel < endPanel; panel++) {
    const channels = <i32>(outChannels - 8 * panel);
    const rows = weights + panel * panelBytes;
    let at = first;
    if (channels > 4) {
      for (; at + TILE <= end; at += TILE) tile6x2(at, 8 * panel, channels, rows);
      rest2(end - at, at, 8 * panel, channels, rows);
    } else {
      for (; at + TILE <= end; at += TILE) tile6x1(at, 8 * panel, channels, rows);
      rest1(end - at, at, 8 * panel, channels, rows);
    }
  }
}

// #for C in 3
// #for P in 7
// ${P} pixels × ${C} quads of channels.
function tile${P}x${C}(pixel: u32, channel: u32, channels: i32, weights: u32): void {
  let x = pixel % rowLength;
  let row = input + pixel / rowLength * rowStep;
// #for p in ${P}
  let at${p} = row + x * pixelStep;
  if (++x == rowLength) {
    x = 0;
    row += rowStep;
  }
// #for c in ${C}
  let sum${p}_${c} = v128.load(weights, 16 * ${c});
// #end
// #end
  let w = weights + 16 * ${C};
  for (let run = runs; run > 0; run--) {
    let left = runBytes;
    for (; left >= 16; left -= 16) {
// #for k in 4
// #for c in ${C}
      const weight${k}_${c} = v128.load(w, 16 * ${k} * ${C} + 16 * ${c});
// #end
// #for p in ${P}
      const value${k}_${p} = v128.load32_splat(at${p}, 4 * ${k});
// #for c in ${C}
      sum${p}_${c} = madd(value${k}_${p}, weight${k}_${c}, sum${p}_${c});
// #end
// #end
// #end
      w += 64 * ${C};
// #for p in ${P}
      at${p} += 16;
// #end
    }
    for (; left > 0; left -= 4) {
// #for c in ${C}
      const weight${c} = v128.load(w, 16 * ${c});
// #end
// #for p in ${P}
      const value${p} = v128.load32_splat(at${p});
// #for c in ${C}
      sum${p}_${c} = madd(value${p}, weight${c}, sum${p}_${c});
// #end
// #end
      w += 16 * ${C};
// #for p in ${P}
      at${p} += 4;
// #end
    }
// #for p in ${P}
    at${p} += runGap;
// #end
  }
  const out = output + pixel * outPitch + 4 * channel;
// #for p in ${P}
// #for c in ${C}
  store(out + ${p} * outPitch + 16 * ${c}, finished(sum${p}_${c}), channels - 4 * ${c});
// #end
// #end
}
// #end

// The pixels that are left over.
function rest${C}(count: u32, pixel: u32, channel: u32, channels: i32, weights: u32): void {
// #for P in 6
  if (count == ${P}) tile${P}x${C}(pixel, channel, channels, weights);
// #end
}
// #end
