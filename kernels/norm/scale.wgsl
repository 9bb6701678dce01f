// Shared by kernels of batch norm: mean, scale and bias of four channels. Parameters of padding lanes are zero.

struct Norm {
  mean: vec4f,
  inverse: vec4f, // 1 / √(variance + ε)
  scale: vec4f, // weight · inverse
  bias: vec4f,
}

fn batchNorm(quad: u32, quads: u32, args: Args) -> Norm {
  let at = args.statistics + quad;
  return norm(gradients[at], gradients[at + quads], args.parameters + quad, quads);
}

fn norm(mean: vec4f, variance: vec4f, parameters: u32, quads: u32) -> Norm {
  let inverse = inverseSqrt(variance + 1e-5);
  return Norm(mean, inverse, weight(parameters) * inverse, weight(parameters + quads));
}
