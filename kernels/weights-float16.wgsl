// Weights as float16, unpacked with instructions that every adapter has; all arithmetic is float32.

@group(0) @binding(1) var<storage, read> weights: array<vec2u>;

fn weight(at: u32) -> vec4f {
  let halves = weights[at];
  return vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y));
}
