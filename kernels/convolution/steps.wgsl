// The sums of convolutions and what follows them, in int8: integers in floats, which are exact because no sum reaches
// 2^24.

alias Sum = vec4f;

fn addProducts(sum: Sum, value: f32, factors: vec4f) -> Sum {
  return fma(vec4f(value), factors, sum);
}

// Adds the bias, which is at `at`, multiplies by the multipliers, which follow it, and rounds to whole steps
// (lib/weights/quantized.ts).
fn finish(sum: Sum, at: u32, args: Args) -> vec4f {
  return clamp(round((sum + weight(at)) * weight(at + args.outQuads)), vec4f(), vec4f(127));
}
