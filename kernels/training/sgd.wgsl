// Stochastic gradient descent as in PyTorch, for one quad: v = momentum · v + (g + decay · p), p −= rate · v, or with
// Nesterov rate · (that sum + momentum · v).

fn descended(i: u32, value: vec4f, own: vec4f, decay: f32) -> vec4f {
  let gradient = fma(vec4f(decay), value, own);
  let velocity = fma(vec4f(args.momentum), velocities[i], gradient);
  velocities[i] = velocity;
  let change = select(velocity, fma(vec4f(args.momentum), velocity, gradient), vec4<bool>(args.nesterov > 0));
  return fma(vec4f(-args.learningRate), change, value);
}
