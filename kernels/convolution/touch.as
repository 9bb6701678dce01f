// Prefetching.

// The sum of what has been read, so that compilers do not remove the reads.
let touched: f32 = 0;

// Reads memory sequentially, which processors can predict: panels and tiles later access it with strides.
export function touch(at: u32, bytes: u32): void {
  let sum = touched;
  for (const end = at + bytes; at < end; at += 64) sum += load<f32>(at);
  touched = sum;
}
