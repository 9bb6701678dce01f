// How gradients of what a layer read are written, as output.wgsl has it: added to what other readers sent, or in its place.

fn storeGradient(pixel: u32, quad: u32, value: vec4f, args: Args) {
  let at = pixel + args.outOffset + quad;
  let before = arena[at];
  let lanes = 4 * quad + vec4u(0, 1, 2, 3) - args.outShift; // below the first wraps round to a large number
  let after = select(value, before + value, vec4<bool>(args.accumulate > 0));
  arena[at] = select(before, after, lanes < vec4u(args.outChannels));
}
