// Weights as float32.

@group(0) @binding(1) var<storage, read> weights: array<vec4f>;

fn weight(at: u32) -> vec4f {
  return weights[at];
}
