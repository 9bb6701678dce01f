// What the sum of all pixels becomes, in floats: their mean.

fn squeezed(sum: vec4f, area: u32, quad: u32, args: Args) -> vec4f {
  return sum / f32(area);
}
