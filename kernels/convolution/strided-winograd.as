// A 3×3 convolution of stride 2, or its input gradient, over a range of samples, by minimal filtering (see
// winograd.as), which treats pixels of even and odd rows and columns separately. Along a line, two outputs of a
// convolution are
//   y₀ = w₀·(x₀ − x₂) + w₁·x₁ + (w₀ + w₂)·x₂   and   y₁ = (w₀ + w₂)·x₂ + w₁·x₃ + w₂·(x₄ − x₂),
// which takes 5 products instead of 6; in both directions together 25 instead of 36. An input gradient g of y is
//   g₀ = w₁·y₀,  g₁ = w₂·(y₀ − y₁) + (w₀ + w₂)·y₁,  g₂ = w₁·y₁,  g₃ = (w₀ + w₂)·y₁ + w₀·(y₂ − y₁).
//
// filter  for each of 4 × 4 places weights as forward.as has them for one tap: [place][panel][in][8 or 4]. Places are, along each
//         direction, those of w₀, w₀ + w₂, w₂ and w₁; an input gradient's taps are in reverse order

import { GRADIENT_PANELS, PATCHES, StridedWinogradArgs } from "../abi";
import { padFor } from "./pad";
import { setPanels, sumPanels } from "./panels";
import {
  subtractBoth,
  subtractOne,
  take,
  transformStridedGradient,
  transformStridedOutput,
} from "./strided-winograd-transforms";

// The place in the filter of each input along a line, in the forward pass.
@inline
function placeOf(i: u32): u32 {
  return i == 0 ? 0 : i == 2 ? 1 : i == 4 ? 2 : 3;
}

// Input i along a line contributes to one of the sums 0, 1 and 2: y₀ is the sum of 0 and 1, y₁ that of 1 and 2.
@inline
function sumOf(i: u32): u32 {
  return i < 2 ? 0 : i == 2 ? 1 : 2;
}

export function stridedWinograd(args: StridedWinogradArgs, scratch: u32, first: u32, last: u32): void {
  const columns = (args.outWidth + 1) / 2;
  const area = (args.outHeight + 1) / 2 * columns;
  const pixel: u32 = 4 * args.inChannels;
  const row = pixel * (args.inWidth + 2);
  const sampleBytes = row * (args.inHeight + 2);
  const inputs = scratch + args.copyBytes;
  const sums = inputs + PATCHES * args.inPatch;
  const apart = PATCHES * args.outPatch;
  const panels = (args.outChannels + 7) / 8;
  for (let sample = first; sample < last; sample += args.group) {
    const samples = min(args.group, last - sample);
    pad(args, sample, samples, scratch);
    const patches = samples * area;
    for (let start: u32 = 0; start < patches; start += PATCHES) {
      const count = min(PATCHES, patches - start);
      for (let y: u32 = 0; y < 5; y++) {
        for (let x: u32 = 0; x < 5; x++) {
          for (let i: u32 = 0; i < count; i++) {
            const patch = (start + i) % area;
            const at = scratch + (start + i) / area * sampleBytes +
              (4 * (patch / columns) + y) * row + (4 * (patch % columns) + x) * pixel;
            const to = inputs + i * args.inPatch;
            const isPlainRow = (y & 3) != 0;
            const isPlainColumn = (x & 3) != 0;
            const down = (2 - y) * row;
            const right = (2 - x) * pixel;
            if (isPlainRow && isPlainColumn) take(at, to, pixel);
            else if (isPlainRow) subtractOne(at, right, to, pixel);
            else if (isPlainColumn) subtractOne(at, down, to, pixel);
            else subtractBoth(at, down, right, to, pixel);
          }
          // Further inputs of the same sum are added to it.
          const adds = y == 1 || y == 4 || x == 1 || x == 4;
          setSums(args, args.outPatch, adds);
          const filter = args.filter + (4 * placeOf(y) + placeOf(x)) * args.placeBytes;
          const to = sums + (3 * sumOf(y) + sumOf(x)) * apart;
          sumPanels(inputs, args.patches, to, args.patches, count, filter, 0, panels);
        }
      }
      for (let i: u32 = 0; i < count; i++) {
        const patch = (start + i) % area;
        const y = patch / columns * 2;
        const x = patch % columns * 2;
        transformStridedOutput(
          sums + i * args.outPatch,
          apart,
          args.outChannels,
          args.output + (sample + (start + i) / area) * args.outBytes + (y * args.outWidth + x) * args.outPitch,
          args.outWidth * args.outPitch,
          args.outPitch,
          args.outHeight - y,
          args.outWidth - x,
        );
      }
    }
  }
}

export function stridedWinogradGradient(args: StridedWinogradArgs, scratch: u32, first: u32, last: u32): void {
  const columns = (args.inWidth + 1) / 2;
  const area = (args.inHeight + 1) / 2 * columns;
  const pixel: u32 = 4 * args.inChannels;
  const row = pixel * (args.inWidth + 2);
  const sampleBytes = row * (args.inHeight + 2);
  const inputs = scratch + args.copyBytes;
  const inApart = PATCHES * args.inPatch;
  const sums = inputs + 16 * inApart;
  const outPatch: u32 = 32 * GRADIENT_PANELS;
  const outApart = PATCHES * outPatch;
  const panels = (args.outChannels + 7) / 8;
  for (let sample = first; sample < last; sample += args.group) {
    const samples = min(args.group, last - sample);
    pad(args, sample, samples, scratch);
    const patches = samples * area;
    for (let start: u32 = 0; start < patches; start += PATCHES) {
      const count = min(PATCHES, patches - start);
      // Along a line: y₀ − y₁, y₁, y₂ − y₁ and y₀.
      for (let i: u32 = 0; i < count; i++) {
        const patch = (start + i) % area;
        const at = scratch + (start + i) / area * sampleBytes +
          (2 * (patch / columns) + 1) * row + (2 * (patch % columns) + 1) * pixel;
        for (let y: u32 = 0; y < 4; y++) {
          for (let x: u32 = 0; x < 4; x++) {
            const from = at + (y == 3 ? 0 : y) * row + (x == 3 ? 0 : x) * pixel;
            const to = inputs + (4 * y + x) * inApart + i * args.inPatch;
            const isPlainRow = (y & 1) != 0;
            const isPlainColumn = (x & 1) != 0;
            const down = (1 - y) * row;
            const right = (1 - x) * pixel;
            if (isPlainRow && isPlainColumn) take(from, to, pixel);
            else if (isPlainRow) subtractOne(from, right, to, pixel);
            else if (isPlainColumn) subtractOne(from, down, to, pixel);
            else subtractBoth(from, down, right, to, pixel);
          }
        }
      }
      setSums(args, outPatch, false);
      for (let panel: u32 = 0; panel < panels; panel += GRADIENT_PANELS) {
        const endPanel = min(panels, panel + GRADIENT_PANELS);
        // The five products along a line: those of the four inputs with the four places, and that of y₁ with w₁.
        for (let y: u32 = 0; y < 5; y++) {
          for (let x: u32 = 0; x < 5; x++) {
            const from = inputs + (4 * (y == 4 ? 1 : y) + (x == 4 ? 1 : x)) * inApart;
            const filter = args.filter + (4 * min<u32>(y, 3) + min<u32>(x, 3)) * args.placeBytes;
            const to = sums + (5 * y + x) * outApart - 32 * panel;
            sumPanels(from, args.patches, to, args.patches, count, filter, panel, endPanel);
          }
        }
        for (let i: u32 = 0; i < count; i++) {
          const patch = (start + i) % area;
          const y = patch / columns * 4;
          const x = patch % columns * 4;
          transformStridedGradient(
            sums + i * outPatch,
            outApart,
            min(args.outChannels - 8 * panel, 8 * GRADIENT_PANELS),
            args.output + (sample + (start + i) / area) * args.outBytes +
              (y * args.outWidth + x) * args.outPitch + 32 * panel,
            args.outWidth * args.outPitch,
            args.outPitch,
            args.outHeight - y,
            args.outWidth - x,
            args.accumulate != 0,
          );
        }
      }
    }
  }
}

@inline
function setSums(args: StridedWinogradArgs, outPitch: u32, adds: bool): void {
  setPanels(args.inPatch, outPitch, args.zeros, 1, args.inChannels, args.panelChannels, args.zeros, false, adds, 0);
}

@inline
function pad(args: StridedWinogradArgs, sample: u32, samples: u32, scratch: u32): void {
  padFor(
    changetype<u32>(args),
    1,
    args.input + sample * args.inBytes,
    args.inBytes,
    args.inPitch,
    args.inHeight,
    args.inWidth,
    args.inChannels,
    1,
    scratch,
    samples,
  );
}
