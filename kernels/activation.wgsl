// The activation that a convolution or batch norm applies last.

fn activate(x: vec4f, args: Args) -> vec4f {
  if (args.activation == 2) {
    return x * clamp(x + 3, vec4f(), vec4f(6)) / 6;
  }
  if (args.activation == 3) {
    return x / (1 + exp(-x));
  }
  // Keeps NaN, which marks an overflow: max and comparisons of floats may lose it, comparisons of bits do not.
  let bits = bitcast<vec4u>(x);
  let last = select(0u, 0xff800000u, args.activation > 0);
  return select(x, vec4f(), (bits >= vec4u(0x80000000)) & (bits <= vec4u(last)));
}
