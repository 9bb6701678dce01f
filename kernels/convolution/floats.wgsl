// The sums of convolutions and what follows them, in floating point.

alias Sum = vec4f;

fn addProducts(sum: Sum, value: f32, factors: vec4f) -> Sum {
  return fma(vec4f(value), factors, sum);
}

// Adds the bias, which is at `at`, and applies the activation.
fn finish(sum: Sum, at: u32, args: Args) -> vec4f {
  return activate(sum + weight(at), args);
}
