// Cross-entropy with label smoothing and second labels, whether the largest logit is the label's, and the loss's gradient, which
// replaces the logits. One invocation computes a sample. NaN stays NaN. There are no early returns: loops after one are very
// slow on llvmpipe.
//
// Constants  LANES (workgroup size)
// Dispatch   x: samples / LANES

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let args = steps[0];
  let isOwn = id.x < remaining[0];
  let classes = select(0, args.classes, isOwn);
  let first = args.logits + id.x * args.classes;
  let label = labels[args.first + id.x];
  let second = labels[args.seconds + id.x];
  let secondShare = (1 - args.smoothing) * bitcast<f32>(labels[args.shares + id.x]);
  let share = 1 - args.smoothing - secondShare;
  var best = 0u;
  var most = logits[first];
  for (var i = 1u; i < classes; i++) {
    if (logits[first + i] > most) {
      best = i;
      most = logits[first + i];
    }
  }
  var sum = 0.0;
  var total = 0.0;
  for (var i = 0u; i < classes; i++) {
    let difference = logits[first + i] - most;
    sum += exp(difference);
    total += difference;
  }
  let spread = args.smoothing / f32(args.classes);
  let own = share * (logits[first + label] - most) + secondShare * (logits[first + second] - most);
  if (isOwn) {
    losses[args.losses + args.first + id.x] = log(sum) - own - spread * total;
    losses[args.right + args.first + id.x] = f32(best == label);
  }
  for (var i = 0u; i < classes; i++) {
    let wanted = spread + select(0.0, share, i == label) + select(0.0, secondShare, i == second);
    logits[first + i] = args.scale * (exp(logits[first + i] - most) / sum - wanted);
  }
}
