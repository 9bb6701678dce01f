// Numbers times their gates, in int8: integers in floats, rounded as in lib/weights/quantized.ts.
//
// Weights    (weights-*.wgsl) [128] vec4: the gate for each of 128 values, four times; then [quads] vec4 of multipliers

fn excited(value: vec4f, number: vec4f, quad: u32, args: Args) -> vec4f {
  let at = args.weights + vec4u(number);
  let gate = vec4f(weight(at.x).x, weight(at.y).x, weight(at.z).x, weight(at.w).x);
  let factor = round(gate * weight(args.weights + 128 + quad));
  return min(floor((value * factor + 8192) * 0x1p-14), vec4f(127));
}
