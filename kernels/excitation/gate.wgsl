// The functions of gates (0 sigmoid, 1 hard sigmoid) and their derivatives.

fn gateOf(x: vec4f, args: Args) -> vec4f {
  if (args.gate == 1) {
    return clamp(x + 3, vec4f(), vec4f(6)) / 6;
  }
  return 1 / (1 + exp(-x));
}

fn gateSlope(x: vec4f, args: Args) -> vec4f {
  if (args.gate == 1) {
    return select(vec4f(), vec4f(1.0 / 6), (x > vec4f(-3)) & (x < vec4f(3)));
  }
  let gate = 1 / (1 + exp(-x));
  return gate * (1 - gate);
}
