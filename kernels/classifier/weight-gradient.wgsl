// Gradient of a linear layer's weights and bias after average pooling, over a micro-batch's samples. One invocation computes four
// weights of a class; the invocations after those compute four numbers of the bias.
//
// Constants  LANES (workgroup size)
// Dispatch   x · y: (classes · inQuads + classes / 4) / LANES
// Gradients  [classes][inQuads] vec4, then the bias, padded to a vec4

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let args = steps[0];
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let weights = args.classes * args.inQuads;
  let isWeights = index < weights;
  let samples = select(0, remaining[0], index < weights + (args.classes + 3) / 4);
  let ofWeights = weightsOf(index / args.inQuads, index % args.inQuads, select(0, samples, isWeights), args);
  let ofBias = biasOf(4 * (index - weights), select(samples, 0, isWeights), args);
  if (samples > 0) {
    let at = args.result + index;
    let before = select(vec4f(), gradients[at], vec4<bool>(args.accumulate > 0));
    gradients[at] = before + select(ofBias, ofWeights, vec4<bool>(isWeights));
  }
}

fn weightsOf(row: u32, quad: u32, samples: u32, args: Args) -> vec4f {
  let area = args.poolHeight * args.poolWidth;
  var sum = vec4f();
  // A single loop, because CPU drivers also count the iterations of outer loops towards their limit.
  for (var i = 0u; i < samples * area; i++) {
    let sample = i / area;
    let pixel = i % area / args.poolWidth * args.inWidth + i % args.poolWidth;
    let value = arena[args.arenaStart + sample * args.samplePitch + args.inOffset + pixel * args.inPitch + quad];
    sum = fma(vec4f(logits[args.logits + sample * args.classes + row]), value, sum);
  }
  let lanes = 4 * quad + vec4u(0, 1, 2, 3);
  return select(vec4f(), sum / f32(area), lanes < vec4u(args.channels));
}

fn biasOf(row: u32, samples: u32, args: Args) -> vec4f {
  var sum = vec4f();
  for (var sample = 0u; sample < samples; sample++) {
    let at = args.logits + sample * args.classes + row;
    sum += vec4f(logits[at], logits[at + 1], logits[at + 2], logits[at + 3]);
  }
  return select(vec4f(), sum, row + vec4u(0, 1, 2, 3) < vec4u(args.classes));
}
