// Reading ahead.

// What has been read, so that compilers leave it in.
let touched: f32 = 0;

// Reads memory in its order, as processors foresee it: panels and tiles then go through it in strides.
export function touch(at: u32, bytes: u32): void {
  let sum = touched;
  for (const end = at + bytes; at < end; at += 64) sum += load<f32>(at);
  touched = sum;
}
