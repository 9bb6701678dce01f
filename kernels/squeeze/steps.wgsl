// The mean of all pixels from their sum, in int8, in steps of its own (lib/weights/quantized.ts).
//
// Weights    (weights-*.wgsl) [quads] vec4: multipliers

fn squeezed(sum: vec4f, area: u32, quad: u32, args: Args) -> vec4f {
  return clamp(round(sum * weight(args.weights + quad)), vec4f(), vec4f(127));
}
