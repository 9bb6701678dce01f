// Batch norm, and ReLU if asked for. One invocation computes four channels of a part of a sample's pixels.
//
// Constants  LANES (workgroup size)
// Dispatch   x: quads · chunks / LANES, y: samples

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
  var own = batchNorm(quad, args.outQuads, args);
  if (args.runningOnly > 0) {
    let at = args.parameters + quad;
    own = norm(weight(at + 2 * args.outQuads), weight(at + 3 * args.outQuads), at, args.outQuads);
  }
  for (var pixel = chunk; pixel < area; pixel += args.chunks) {
    let value = arena[sample + args.inOffset + pixel * args.inPitch + quad];
    store(sample + pixel * args.outPitch, quad, relu(fma(value - own.mean, own.scale, own.bias), args), args);
  }
}
