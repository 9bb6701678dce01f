// One layer of a plan, as the CPU's kernels are told of it. lib/device/cpu/program.ts writes it: same fields, same order.
//
// Offsets (from the start of a sample's arena) and pitches (from pixel to pixel) are bytes, sizes pixels. A step may be
// computed in parts, by different threads.

@unmanaged
export class Step {
  kind: u32;
  parts: u32;
  // Whether later steps wait for it and those before it.
  last: u32;
  input: u32;
  inSize: u32;
  inPitch: u32;
  inChannels: u32;
  output: u32;
  outSize: u32;
  outPitch: u32;
  outChannels: u32;
  // Address.
  weights: u32;
  kernel: u32;
  stride: u32;
  relu: u32;
  // A classifier's window.
  pool: u32;
}

// The first of a part's units, of which there are so many in all; for part = parts, the one behind the last.
// @ts-ignore: decorator
@inline
export function firstOf(part: u32, parts: u32, units: u32): u32 {
  return part * units / parts;
}
