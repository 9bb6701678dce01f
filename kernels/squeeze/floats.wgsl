// The mean of all pixels from their sum, in floating point.

fn squeezed(sum: vec4f, area: u32, quad: u32, args: Args) -> vec4f {
  return sum / f32(area);
}
