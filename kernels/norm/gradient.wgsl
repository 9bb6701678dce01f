// The gradient of what a convolution wrote, in its place: weight · (g − mean of g − x̂ · mean of g · x̂) / deviation. One
// invocation computes four channels of a part of a sample's pixels.
//
// Constants  LANES (workgroup size)
// Dispatch   x: quads · chunks / LANES, y: samples
// Gradients  at `parameters` [sum of g · x̂][sum of g], each [outQuads] vec4

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let args = steps[0];
  if (id.x >= args.outQuads * args.chunks) {
    return;
  }
  let quad = id.x % args.outQuads;
  let chunk = id.x / args.outQuads;
  let area = args.outSize * args.outSize;
  let sample = args.arenaStart + id.y * args.samplePitch;
  let own = batchNorm(quad, args.outQuads, args);
  let slope = gradients[args.parameters + quad] * own.inverse / args.count;
  let mean = gradients[args.parameters + args.outQuads + quad] / args.count;
  for (var pixel = chunk; pixel < area; pixel += args.chunks) {
    let at = sample + pixel * args.outPitch;
    let difference = arena[at + args.outOffset + quad] - own.mean;
    let gradient = passed(arena[sample + args.gradOffset + pixel * args.gradPitch + quad], difference, own, args);
    store(at, quad, own.scale * (gradient - fma(difference, slope, mean)), args);
  }
}
