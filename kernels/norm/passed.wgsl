// The gradient where batch norm's ReLU lets it through.

fn passed(gradient: vec4f, difference: vec4f, own: Norm, args: Args) -> vec4f {
  let isOpen = (fma(difference, own.scale, own.bias) > vec4f()) | vec4<bool>(args.relu == 0);
  return select(vec4f(), gradient, isOpen);
}
