// AdamW as in PyTorch, for one quad: m = momentum · m + (1 − momentum) · g, s = keepSquare · s + (1 − keepSquare) · g²,
// p −= rate · decay · p + rate · (first · m) / (second · √s + epsilon).

fn descended(i: u32, value: vec4f, own: vec4f, decay: f32) -> vec4f {
  let at = args.quads + i;
  let mean = args.momentum * velocities[i] + (1 - args.momentum) * own;
  let square = args.keepSquare * velocities[at] + (1 - args.keepSquare) * own * own;
  velocities[i] = mean;
  velocities[at] = square;
  let change = args.learningRate * args.first * mean / (args.second * sqrt(square) + args.epsilon);
  return (1 - args.learningRate * decay) * value - change;
}
