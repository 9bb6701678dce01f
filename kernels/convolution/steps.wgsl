// How convolutions add up and end in eight bits: whole numbers in floats, of which no sum reaches 2^24.

alias Sum = vec4f;

fn addProducts(sum: Sum, value: f32, factors: vec4f) -> Sum {
  return fma(vec4f(value), factors, sum);
}

// Bias, which is at `at`; then the multipliers, which are behind it; then rounding to whole steps (lib/weights/quantized.ts).
fn finish(sum: Sum, at: u32, args: Args) -> vec4f {
  return clamp(round((sum + weight(at)) * weight(at + args.outQuads)), vec4f(), vec4f(127));
}
