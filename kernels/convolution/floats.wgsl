// How convolutions add up and end, in floats.

alias Sum = vec4f;

fn addProducts(sum: Sum, value: f32, factors: vec4f) -> Sum {
  return fma(vec4f(value), factors, sum);
}

// Bias, which is at `at`, and what comes last.
fn finish(sum: Sum, at: u32, args: Args) -> vec4f {
  return activate(sum + weight(at), args);
}
