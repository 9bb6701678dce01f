// Convolution with bias, and ReLU if asked for; any odd kernel and stride, padding kernel / 2; of one sample on the CPU: a
// matrix product. A pixel's inputs are `runs` rows of numbers that lie together. A kernel of 1 reads them where they are;
// others from a copy with a border of zeros, whose pixels lie close.
//
// A register tile of 6 output pixels × 8 output channels, which with weights and an input fills 15 registers. Tiles go over
// all pixels before the next channels, so that their weights stay near, and weights are read as they lie. Each output
// is summed in one order, whatever tile or thread it falls to. No number is read that the sample's own layers did not write.
//
// Weights  panels of 8 output channels, or of 4 for the last 4 or fewer: [bias, then kernel · kernel · channels][8 or 4]

import { firstOf, Step } from "../step";
import { madd, store } from "../training/simd";
import { pad } from "./pad";

const TILE: u32 = 6;

// Where the layer's numbers are.
let input: u32 = 0;
let pixelStep: u32 = 0;
let rowStep: u32 = 0;
let runs: u32 = 0;
let runBytes: u32 = 0;
let runGap: u32 = 0;
let output: u32 = 0;
let outSize: u32 = 0;
let outPitch: u32 = 0;
let least: v128 = f32x4.splat(0);
// The step whose input is in the copy.
let copied: u32 = 0;

// A new sample's layers have nothing in the copy.
export function forgetCopy(): void {
  copied = 0;
}

export function convolve(step: Step, arena: u32, scratch: u32, part: u32, parts: u32): void {
  const channels = step.inChannels;
  let pixel = step.inPitch;
  let row = pixel * step.inSize;
  input = arena + step.input;
  if (step.kernel > 1) {
    if (copied != changetype<u32>(step)) pad(input, 0, pixel, step.inSize, channels, step.kernel / 2, scratch, 1);
    copied = changetype<u32>(step);
    input = scratch;
    pixel = 4 * channels;
    row = pixel * (step.inSize + step.kernel - 1);
  }
  pixelStep = pixel * step.stride;
  rowStep = row * step.stride;
  runs = step.kernel;
  runBytes = 4 * channels * step.kernel;
  runGap = row - runBytes;
  output = arena + step.output;
  outSize = step.outSize;
  outPitch = step.outPitch;
  least = f32x4.splat(step.relu ? 0 : -Infinity);

  const pixels = outSize * outSize;
  const tiles = (pixels + TILE - 1) / TILE;
  const panels = (step.outChannels + 7) / 8;
  let firstPanel: u32 = 0;
  let endPanel = panels;
  let first: u32 = 0;
  let end = pixels;
  if (panels >= tiles) {
    firstPanel = firstOf(part, parts, panels);
    endPanel = firstOf(part + 1, parts, panels);
  } else {
    first = TILE * firstOf(part, parts, tiles);
    end = min(pixels, TILE * firstOf(part + 1, parts, tiles));
  }
  const rows = 1 + channels * step.kernel * step.kernel;
  for (let panel = firstPanel; panel < endPanel; panel++) {
    const left = <i32>(step.outChannels - 8 * panel);
    const weights = step.weights + panel * rows * 32;
    let at = first;
    if (left > 4) {
      for (; at + TILE <= end; at += TILE) tile6x2(at, 8 * panel, left, weights);
      rest2(end - at, at, 8 * panel, left, weights);
    } else {
      for (; at + TILE <= end; at += TILE) tile6x1(at, 8 * panel, left, weights);
      rest1(end - at, at, 8 * panel, left, weights);
    }
  }
}

// #for C in 3
// #for P in 7
// ${P} pixels × ${C} quads of channels.
function tile${P}x${C}(pixel: u32, channel: u32, channels: i32, weights: u32): void {
  let x = pixel % outSize;
  let row = input + pixel / outSize * rowStep;
// #for p in ${P}
  let at${p} = row + x * pixelStep;
  if (++x == outSize) {
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
  store(out + ${p} * outPitch + 16 * ${c}, f32x4.pmax(sum${p}_${c}, least), channels - 4 * ${c});
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
