// Gradient of a linear layer's weights and bias behind average pooling, over a shard's samples. One invocation computes four
// weights of a class; those behind them compute four numbers of the bias.
//
// Constants  LANES (workgroup size)
// Dispatch   x: (classes · inQuads + classes / 4) / LANES
// Gradients  [classes][inQuads] vec4, then the bias, padded to a vec4

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let args = steps[0];
  let weights = args.classes * args.inQuads;
  if (id.x >= weights + (args.classes + 3) / 4) {
    return;
  }
  let at = args.result + id.x;
  var sum = select(vec4f(), gradients[at], vec4<bool>(args.accumulate > 0));
  if (id.x < weights) {
    sum += ofWeights(id.x / args.inQuads, id.x % args.inQuads, args);
  } else {
    sum += ofBias(4 * (id.x - weights), args);
  }
  gradients[at] = sum;
}

fn ofWeights(row: u32, quad: u32, args: Args) -> vec4f {
  let area = args.pool * args.pool;
  var sum = vec4f();
  // One loop: CPU drivers count the turns of outer ones, too, against what they allow.
  for (var i = 0u; i < remaining[0] * area; i++) {
    let sample = i / area;
    let pixel = i % area / args.pool * args.inSize + i % args.pool;
    let value = arena[args.arenaStart + sample * args.samplePitch + args.inOffset + pixel * args.inPitch + quad];
    sum = fma(vec4f(logits[args.logits + sample * args.classes + row]), value, sum);
  }
  let lanes = 4 * quad + vec4u(0, 1, 2, 3);
  return select(vec4f(), sum / f32(area), lanes < vec4u(args.channels));
}

fn ofBias(row: u32, args: Args) -> vec4f {
  var sum = vec4f();
  for (var sample = 0u; sample < remaining[0]; sample++) {
    let at = args.logits + sample * args.classes + row;
    sum += vec4f(logits[at], logits[at + 1], logits[at + 2], logits[at + 3]);
  }
  return select(vec4f(), sum, row + vec4u(0, 1, 2, 3) < vec4u(args.classes));
}
