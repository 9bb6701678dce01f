// What comes last in a convolution.

// Keeps NaN, which marks an overflow; max and comparisons may lose it, but not those of bits.
fn relu(x: vec4f, args: Args) -> vec4f {
  let bits = bitcast<vec4u>(x);
  let last = select(0u, 0xff800000u, args.relu > 0);
  return select(x, vec4f(), (bits >= vec4u(0x80000000)) & (bits <= vec4u(last)));
}
