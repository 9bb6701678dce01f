// How gradients of a layer's input are written, like output.wgsl: added to the gradients from other readers, or replacing them.

fn storeGradient(pixel: u32, quad: u32, value: vec4f, args: Args) {
  let at = pixel + args.outOffset + quad;
  let before = arena[at];
  let lanes = 4 * quad + vec4u(0, 1, 2, 3) - args.outShift; // lanes before the first wrap around to large numbers
  let after = select(value, before + value, vec4<bool>(args.accumulate > 0));
  arena[at] = select(before, after, lanes < vec4u(args.outChannels));
}
