// Average pooling of the top left pixels to one, then a linear layer with bias. A boosted exit adds `reweight` times
// the logits of the previous exit. One invocation computes one logit.
//
// Constants  LANES (workgroup size)
// Dispatch   x: classes / LANES, y: remaining samples, z: steps
// Weights    (weights-*.wgsl) [classes][inQuads] vec4, then the bias, padded to a vec4
// Logits     [exit][sample][class]

@group(0) @binding(4) var<storage, read_write> logits: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let args = steps[id.z];
  // There are no early returns: CPU drivers share loads only where all lanes are certain to be active.
  let isOwn = id.y < remaining[0] && id.x < args.classes;
  let end = select(0, args.poolHeight * args.poolWidth * args.inQuads, isOwn);
  let sample = remaining[1 + id.y];
  let in = args.arenaStart + sample * args.samplePitch + args.inOffset;
  var sum = 0.0;
  // A single loop, because CPU drivers also count the iterations of outer loops towards their limit.
  for (var i = 0u; i < end; i++) {
    let pixel = i / args.inQuads;
    let k = i % args.inQuads;
    let value = arena[in + (pixel / args.poolWidth * args.inWidth + pixel % args.poolWidth) * args.inPitch + k];
    sum += dot(value, weight(args.weights + id.x * args.inQuads + k));
  }
  let bias = weight(args.weights + args.classes * args.inQuads + id.x / 4)[id.x % 4];
  // The results of an earlier batch, which are still there, may be NaN.
  let before = logits[args.before + sample * args.classes + id.x];
  let boost = select(0, args.reweight * before, args.reweight > 0);
  if (isOwn) {
    logits[args.logits + sample * args.classes + id.x] = sum / f32(args.poolHeight * args.poolWidth) + bias + boost;
  }
}
