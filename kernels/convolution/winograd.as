// A 3×3 convolution of stride 1, with bias and ReLU if asked for, by the minimal filtering F(2×2, 3×3) of Winograd (Lavin
// and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016): for 2 × 2 outputs 16 products instead of 36, each
// of transformed inputs and transformed weights, and so 16 matrix products, one for each place of a 4 × 4 patch.
//
// Patches are taken a few at a time, so that what is in between stays near. Of an odd size, outputs behind the edge are
// computed from whatever lies there, and not written.
//
// Weights  [bias, padded to 8 channels], then for each of the 16 places panels as product.as has them, without bias

import { firstOf } from "../parts";
import { PATCHES, Step } from "../records";
import { store } from "../training/simd";
import { copyInput } from "./forward";
import { multiply, setInput, setOutput } from "./product";

export function winograd(step: Step, arena: u32, scratch: u32, part: u32, parts: u32): void {
  copyInput(step, arena, scratch);
  const side = (step.outSize + 1) / 2;
  const row = 4 * step.inChannels * (step.inSize + 2);
  // A patch may reach over the last row.
  const inputs = scratch + (row * (step.inSize + 3) + 31) / 16 * 16;
  const inPitch = (step.inChannels + 3) / 4 * 16;
  const sums = inputs + 16 * PATCHES * inPitch;
  const outPitch = (step.outChannels + 7) / 8 * 32;
  const panels = (step.outChannels + 7) / 8;
  const lanes = 8 * (step.outChannels / 8) + (step.outChannels % 8 > 4 ? 8 : step.outChannels % 8 > 0 ? 4 : 0);
  const place = lanes * (1 + step.inChannels) * 4;
  const end = firstOf(part + 1, parts, side * side);
  for (let first = firstOf(part, parts, side * side); first < end; first += PATCHES) {
    const count = min(PATCHES, end - first);
    for (let i: u32 = 0; i < count; i++) {
      const patch = first + i;
      const at = scratch + 2 * (patch / side * row + patch % side * 4 * step.inChannels);
      transformInput(at, row, 4 * step.inChannels, inputs + i * inPitch, inPitch);
    }
    for (let k: u32 = 0; k < 16; k++) {
      setInput(inputs + k * PATCHES * inPitch, inPitch, 0, PATCHES, 1, 4 * step.inChannels, 0);
      setOutput(sums + k * PATCHES * outPitch, outPitch, lanes, 0);
      multiply(step.weights + outPitch + k * place, 0, panels, 0, count);
    }
    for (let i: u32 = 0; i < count; i++) {
      const patch = first + i;
      transformOutput(step, arena, sums + i * outPitch, outPitch, patch / side * 2, patch % side * 2);
    }
  }
}

// Bᵀ · d · B of a patch d, four channels at once; the 16 results of one patch lie PATCHES · pitch apart.
function transformInput(patch: u32, row: u32, pixel: u32, to: u32, pitch: u32): void {
  const apart = PATCHES * pitch;
  for (let k: u32 = 0; k < pitch; k += 16) {
    const at = patch + k;
// #for x in 4
    const d0_${x} = v128.load(at + ${x} * pixel);
    const d1_${x} = v128.load(at + ${x} * pixel + row);
    const d2_${x} = v128.load(at + ${x} * pixel + 2 * row);
    const d3_${x} = v128.load(at + ${x} * pixel + 3 * row);
    const t0_${x} = f32x4.sub(d0_${x}, d2_${x});
    const t1_${x} = f32x4.add(d1_${x}, d2_${x});
    const t2_${x} = f32x4.sub(d2_${x}, d1_${x});
    const t3_${x} = f32x4.sub(d1_${x}, d3_${x});
// #end
    let out = to + k;
// #for y in 4
    v128.store(out, f32x4.sub(t${y}_0, t${y}_2));
    v128.store(out + apart, f32x4.add(t${y}_1, t${y}_2));
    v128.store(out + 2 * apart, f32x4.sub(t${y}_2, t${y}_1));
    v128.store(out + 3 * apart, f32x4.sub(t${y}_1, t${y}_3));
    out += 4 * apart;
// #end
  }
}

// Aᵀ · m · A of a patch's sums m, with bias; the 2 × 2 pixels at y, x, as far as they are inside.
function transformOutput(step: Step, arena: u32, sums: u32, pitch: u32, y: u32, x: u32): void {
  const apart = PATCHES * pitch;
  const least = f32x4.splat(step.relu ? 0 : -Infinity);
  const size = step.outSize;
  for (let k: u32 = 0; k < step.outChannels; k += 4) {
    const at = sums + 4 * k;
    const bias = v128.load(step.weights + 4 * k);
// #for x in 4
    const m0_${x} = v128.load(at + ${x} * apart);
    const m1_${x} = v128.load(at + (4 + ${x}) * apart);
    const m2_${x} = v128.load(at + (8 + ${x}) * apart);
    const m3_${x} = v128.load(at + (12 + ${x}) * apart);
    const t0_${x} = f32x4.add(f32x4.add(m0_${x}, m1_${x}), m2_${x});
    const t1_${x} = f32x4.sub(f32x4.sub(m1_${x}, m2_${x}), m3_${x});
// #end
    const channels = <i32>(step.outChannels - k);
    let out = arena + step.output + (y * size + x) * step.outPitch + 4 * k;
// #for i in 2
    if (y + ${i} < size) {
      const first = f32x4.add(f32x4.add(t${i}_0, t${i}_1), f32x4.add(t${i}_2, bias));
      store(out, f32x4.pmax(first, least), channels);
      if (x + 1 < size) {
        const second = f32x4.add(f32x4.sub(t${i}_1, t${i}_2), f32x4.sub(bias, t${i}_3));
        store(out + step.outPitch, f32x4.pmax(second, least), channels);
      }
    }
    out += size * step.outPitch;
// #end
  }
}
