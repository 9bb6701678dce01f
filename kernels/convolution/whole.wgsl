// The sums of convolutions and what follows them, in int8: like steps.wgsl, but with integers, for sums that floats
// would round.

alias Sum = vec4i;

fn addProducts(sum: Sum, value: f32, factors: vec4f) -> Sum {
  return sum + i32(value) * vec4i(factors);
}

fn finish(sum: Sum, at: u32, args: Args) -> vec4f {
  return clamp(round(vec4f(sum + vec4i(weight(at))) * weight(at + args.outQuads)), vec4f(), vec4f(127));
}
