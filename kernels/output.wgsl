// How layers write. Only one invocation of a dispatch reads and writes each quad of a layer's output, because a store to a part
// of a vec4 may rewrite the whole vec4. Lanes that belong to other channels keep their values.

fn store(pixel: u32, quad: u32, value: vec4f, args: Args) {
  let at = pixel + args.outOffset + quad;
  let lanes = 4 * quad + vec4u(0, 1, 2, 3) - args.outShift; // lanes before the first wrap around to large numbers
  let own = lanes < vec4u(args.outChannels);
  var stored = value;
  if (!all(own)) {
    stored = select(arena[at], value, own);
  }
  arena[at] = stored;
}
