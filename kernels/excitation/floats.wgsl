// Numbers times their gates, in floating point.

fn excited(value: vec4f, number: vec4f, quad: u32, args: Args) -> vec4f {
  return value * gateOf(number, args);
}
