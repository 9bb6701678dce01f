// The gradient of batch norm's output, from the gradient of its activation.

fn passed(gradient: vec4f, difference: vec4f, own: Norm, args: Args) -> vec4f {
  let x = fma(difference, own.scale, own.bias);
  if (args.activation == 2) {
    let slope = select((2 * x + 3) / 6, vec4f(1), x >= vec4f(3));
    return gradient * select(slope, vec4f(), x <= vec4f(-3));
  }
  if (args.activation == 3) {
    let sigmoid = 1 / (1 + exp(-x));
    return gradient * sigmoid * (1 + x * (1 - sigmoid));
  }
  let isOpen = (x > vec4f()) | vec4<bool>(args.activation == 0);
  return select(vec4f(), gradient, isOpen);
}
